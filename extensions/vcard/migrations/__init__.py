"""Migrations of the table of vCards."""

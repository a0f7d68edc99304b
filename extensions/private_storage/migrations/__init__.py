"""Migrations of the table of private XML storage."""

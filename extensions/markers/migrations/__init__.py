"""Migrations of the tables of markers."""

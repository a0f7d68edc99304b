"""Migrations of the tables of blocking and reports."""

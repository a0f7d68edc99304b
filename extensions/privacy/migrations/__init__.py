"""Migrations of the table of privacy settings."""

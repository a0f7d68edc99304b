"""Migrations of the tables of retractions."""

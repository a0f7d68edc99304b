"""Migrations of the tables of publish-subscribe."""

"""Migrations of the table of avatars."""

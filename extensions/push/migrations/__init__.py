"""Migrations of the table of devices that are to be notified."""

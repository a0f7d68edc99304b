"""Tests of the message archive."""

"""Tests of the extensions."""

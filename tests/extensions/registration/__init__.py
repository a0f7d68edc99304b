"""Tests of in-band registration."""

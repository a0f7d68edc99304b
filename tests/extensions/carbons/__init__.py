"""Tests of carbon copies."""

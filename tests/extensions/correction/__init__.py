"""Tests of the limit for corrections."""

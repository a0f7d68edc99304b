"""Tests of private XML storage."""

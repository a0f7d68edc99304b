"""Tests of the checks an operator runs."""

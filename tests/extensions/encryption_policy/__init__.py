"""Tests of the encryption policy."""

"""Tests of displayed markers."""

"""Tests of `extensions/clients/`."""

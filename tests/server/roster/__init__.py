"""Tests of server/roster."""

"""Tests of server/presence."""

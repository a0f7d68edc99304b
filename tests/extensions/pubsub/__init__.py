"""Tests of publish-subscribe."""

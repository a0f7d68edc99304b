"""Tests of entity capabilities."""

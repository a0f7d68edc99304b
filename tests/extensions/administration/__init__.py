"""Tests of the commands for administrators."""

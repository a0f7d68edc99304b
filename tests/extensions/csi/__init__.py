"""Tests of client state indication."""

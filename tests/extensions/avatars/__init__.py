"""Tests of avatars."""

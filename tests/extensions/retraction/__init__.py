"""Tests of retraction."""

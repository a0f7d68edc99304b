"""Tests of server/sasl."""

"""Stateless payload formats that many extensions wrap and unwrap; no handlers here."""

"""Simple Authentication and Security Layer without I/O (RFC 4422, RFC 6120 §6)."""

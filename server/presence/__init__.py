"""Who is told about whose presence (RFC 6121 §4)."""

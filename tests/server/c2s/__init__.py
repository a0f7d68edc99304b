"""Client streams: from the first byte to a bound session (RFC 6120)."""

"""Client streams: from the first byte to a bound session, and on (RFC 6120)."""

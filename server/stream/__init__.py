"""XML streams without I/O: bytes to stanzas and back (RFC 6120 §4, §11)."""

"""One room for each capability beyond RFC 6120 and RFC 6121."""

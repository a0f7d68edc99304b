"""The edges: transports, TLS, listeners."""

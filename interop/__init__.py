"""Other clients, servers and suites run against this server."""

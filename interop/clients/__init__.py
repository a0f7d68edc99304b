"""The clients: for each a folder of scenarios that run in the client's own environment."""

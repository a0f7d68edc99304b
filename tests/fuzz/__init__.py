"""Random input: only documented refusals are allowed."""

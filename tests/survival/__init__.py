"""A real server under load, with things going wrong: what it has acknowledged, it must not lose."""

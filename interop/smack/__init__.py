"""Smack's integration tests: https://github.com/igniterealtime/Smack."""

"""Profanity, a client for the terminal: https://profanity-im.github.io."""

"""Conversations of several clients with one server, by the rules of the specifications."""

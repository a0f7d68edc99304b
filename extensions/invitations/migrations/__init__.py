"""The tables of invitations."""

"""What the server keeps for an account: its archive and what is still pending for it."""

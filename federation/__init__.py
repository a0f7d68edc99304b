"""Everything between servers: finding them, proving who they are, streams, the outbox."""

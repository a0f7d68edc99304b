"""The one place where chance is drawn: everything else is handed its luck."""

import secrets


class Entropy:
    """Randomness fit for tokens, nonces and keys."""

    __slots__ = ()

    def bytes(self, count: int) -> bytes:
        """`count` bytes that nobody can foresee."""
        return secrets.token_bytes(count)

    def token(self, size: int = 16) -> str:
        """Url-safe text made of `size` random bytes."""
        return secrets.token_urlsafe(size)

    def stanza_id(self) -> str:
        """An `id` for a stanza the server itself sends (RFC 6120 §8.1.3)."""
        return secrets.token_urlsafe(9)

    def fraction(self) -> float:
        """A number in [0, 1), for spreading things that would else happen all at once."""
        return secrets.randbits(53) / (1 << 53)

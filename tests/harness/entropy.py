"""Chance that repeats itself: the same seed draws the same luck."""

import base64
import random

from server.entropy import Entropy


class SeededEntropy(Entropy):
    """Randomness a test can foresee."""

    __slots__ = ("_random",)

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def token(self, size: int = 16) -> str:
        return base64.urlsafe_b64encode(self.bytes(size)).rstrip(b"=").decode("ascii")

    def stanza_id(self) -> str:
        return self.token(9)

    def fraction(self) -> float:
        return self._random.random()

"""Mutated PROXY headers: never an exception, never a wish for more than the longest."""

from random import Random  # noqa: TID251 - seeded, so that every run is the same

from server.net.proxy_header import LONGEST_BLOCK, read
from tests.server.net.test_proxy_header import BAD, GOOD

ROUNDS = 20_000
SEED = 2


def test_mutated_headers() -> None:
    chance = Random(SEED)
    known = [data for data, _ in GOOD] + BAD
    for _ in range(ROUNDS):
        data = bytearray(chance.choice(known) + b"<stream")
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            data[at : at + chance.choice([0, 1, 1, 4])] = chance.choice(
                [b"", b" ", b"\r\n", b"0", b"\xff", chance.randbytes(1)]
            )
        header = read(bytes(data))
        if header is None:
            assert len(data) < LONGEST_BLOCK
        else:
            assert header.error or 0 < header.length <= len(data)

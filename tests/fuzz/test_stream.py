"""Mutated streams: never an exception, always the same outcome however cut."""

from random import Random  # noqa: TID251 - seeded, so that every run is the same

from server.errors import StreamError
from server.stream.frame import parse_element
from tests.server.stream.samples import BAD, GOOD, HEADER, LIMITS, cut, run_pieces

ROUNDS = 4000
SEED = 6120
SPICE = [
    b"<", b">", b"/>", b"</", b"'", b'"', b"=", b"&", b";", b"<!", b"<!--", b"-->", b"<?", b"?>",
    b"]]>",
    b"<![CDATA[", b"\0", b"\xff", b"\xc3", b"\x80", b"\xef\xbb\xbf", b"&#", b"&amp;", b"xmlns:",
    b"xmlns=''",
    b"</a>", b"<a>", b"</stream:stream>", b"stream:", b"foo:", b" ", b"\n", b"x",
]  # fmt: skip


def mutate(data: bytes, chance: Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.choice([0, 0, 1, 2, 10]))
        data = data[:at] + chance.choice([b"", *SPICE]) + data[end:]
    return data


def samples() -> list[bytes]:
    streams = [data for data, _ in GOOD] + [data for data, _, _ in BAD]
    return [HEADER + data for data in streams if len(data) < 300]


def test_mutated_streams() -> None:
    chance = Random(SEED)
    known = samples()
    for _ in range(ROUNDS):
        data = mutate(chance.choice(known) + chance.choice(known)[len(HEADER) :], chance)
        whole = run_pieces([data])
        at = chance.randint(0, len(data))
        assert run_pieces([data[:at], data[at:]]) == whole, data
        assert run_pieces(cut(data, chance.choice([1, 2, 5, 17]))) == whole, data


def test_mutated_frames() -> None:
    chance = Random(SEED)
    known = samples()
    for _ in range(ROUNDS):
        data = mutate(chance.choice(known)[len(HEADER) :], chance)
        try:
            parse_element(data, LIMITS)
        except StreamError:
            continue

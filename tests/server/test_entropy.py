"""Chance, drawn and foretold."""

import re

from server.entropy import Entropy
from tests.harness.entropy import SeededEntropy


def test_chance_does_not_repeat_itself() -> None:
    entropy = Entropy()
    assert len({entropy.token() for _ in range(100)}) == 100
    assert len(entropy.bytes(33)) == 33
    assert re.fullmatch(r"[\w-]{22}", entropy.token(16))
    assert re.fullmatch(r"[\w-]{12}", entropy.stanza_id())
    assert 0 <= entropy.fraction() < 1


def test_a_seed_repeats_its_chance_in_the_same_form() -> None:
    first, second, other = SeededEntropy(1), SeededEntropy(1), SeededEntropy(2)
    assert first.token() == second.token() != other.token()
    assert len(first.stanza_id()) == len(Entropy().stanza_id())
    assert len(first.bytes(7)) == 7
    assert 0 <= first.fraction() < 1

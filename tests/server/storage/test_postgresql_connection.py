"""Where a database is, in words that may be shown."""

import pytest

from server.storage.postgresql_connection import place


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://u:p@db.example.org:5433/chat", "'chat' at db.example.org:5433"),
        ("postgresql://u:p%40ss@h/chat?password=x", "'chat' at h"),
        ("postgresql://u:p@/chat?host=/run/postgresql", "'chat' at this machine"),
        ("postgresql://u:p@[bad/chat", "the PostgreSQL database"),
    ],
)
def test_the_place_without_its_secrets(url: str, words: str) -> None:
    assert place(url).endswith(words)

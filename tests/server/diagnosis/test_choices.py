"""Settings that somebody will regret."""

import pytest

from server.config import Address, load
from server.diagnosis.choices import check_choices, is_private
from server.diagnosis.finding import Level


def subjects(**overrides: dict[str, object]) -> list[tuple[Level, str]]:
    found = check_choices(load(overrides=overrides, environ={}))
    return [(each.level, each.subject) for each in found]


def test_the_defaults_are_nothing_to_regret() -> None:
    assert subjects() == [(Level.OK, "settings")]


@pytest.mark.parametrize(
    ("overrides", "subject"),
    [
        ({"listen": {"proxy_protocol": True}}, "listen.proxy_protocol"),
        ({"tls": {"require": False}}, "tls.require"),
        ({"metrics": {"listen": ["0.0.0.0:9090"]}}, "metrics.listen"),
        ({"metrics": {"listen": ["198.41.0.4:9090"]}}, "metrics.listen"),
        ({"registration": {"enabled": True}}, "registration.enabled"),
        ({"archive": {"retention": "7d"}}, "archive.retention"),
    ],
)
def test_regrets(overrides: dict[str, dict[str, object]], subject: str) -> None:
    assert subjects(**overrides) == [(Level.WARNING, subject)]


@pytest.mark.parametrize(
    "overrides",
    [
        {
            "listen": {"proxy_protocol": True, "c2s": ["127.0.0.1:1"], "c2s_tls": []},
            "tls": {"require": False},
        },
        {"metrics": {"listen": ["127.0.0.1:9090", "[::1]:9090"]}},
        {"archive": {"retention": "7d"}, "limits": {"pending_for": "7d"}},
    ],
)
def test_no_regrets(overrides: dict[str, dict[str, object]]) -> None:
    assert subjects(**overrides) == [(Level.OK, "settings")]


def test_a_port_named_twice() -> None:
    ports: dict[str, object] = {"c2s": ["[::]:5222"], "c2s_tls": ["[::]:5222"]}
    assert subjects(listen=ports) == [(Level.ERROR, "port [::]:5222")]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("10.1.2.3", True), ("::", False), ("0.0.0.0", False),
     ("198.41.0.4", False), ("chat.example.org", False)],
)  # fmt: skip
def test_private_addresses(host: str, expected: bool) -> None:
    assert is_private(Address(host, 1)) is expected

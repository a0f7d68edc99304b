"""Mistakes in a configuration: all at once, each with its place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from server.config import ConfigError, load
from server.config.errors import Finding

Overrides = Mapping[str, Mapping[str, object]]


def findings(folder: Path, text: str, overrides: Overrides | None = None) -> list[str]:
    path = folder / "server.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path, overrides=overrides)
    return [str(each).removeprefix(f"{folder}/") for each in caught.value.findings]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = """
[server]
domain = ["example.org"]

[limits]
max_depth = "deep"   # not a number
rate = "64KiB"
idle_timeout = "9s"

[limit]
[log]
level = "loud"
"""
    assert findings(tmp_path, text) == [
        "server.toml:3: server.domain: unknown key; did you mean domains?",
        "server.toml:6: limits.max_depth: expected a whole number, got 'deep'",
        'server.toml:7: limits.rate: expected a rate such as "64KiB/s", or "0" for no limit,'
        " got '64KiB': not a rate: '64KiB'",
        "server.toml:8: limits.idle_timeout: expected at least 10s, got 9s",
        "server.toml:10: limit: no such section; did you mean limits?",
        'server.toml:12: log.level: expected "debug", "info", "warning" or "error", got \'loud\'',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[server]\ndomains = 'x'", "server.toml:2: server.domains: expected a list, got 'x'"),
        ("[server]\ndomains = []", "server.toml:2: server.domains: expected at least one domain"),
        (
            "[server]\nadmins = ['example.org']",
            "server.toml:2: server.admins: expected an account such as anna@example.org,"
            " got 'example.org'",
        ),
        (
            "[server]\ndomains = ['a@b']",
            "server.toml:2: server.domains: expected a domain such as example.org, got 'a@b'",
        ),
        (
            "[limits]\nmax_stanza_size = '10KiB'\nmax_stanza_size_unauthenticated = '20KiB'",
            "server.toml:3: limits.max_stanza_size_unauthenticated: "
            "expected at most max_stanza_size (10KiB)",
        ),
        (
            "[auth]\nmechanisms = ['PLAIN']\nallow_plain = false",
            "server.toml:2: auth.mechanisms: expected at least one mechanism that may be offered",
        ),
        (
            "[limits]\nmax_stanza_size = '10000B'",
            "server.toml:1: limits.max_stanza_size_unauthenticated: "
            "expected at most max_stanza_size (10000B)",
        ),
        (
            "[storage]\ncommit_interval = 'forever'",
            "server.toml:2: storage.commit_interval: "
            "expected an end: forever is not possible here",
        ),
        ("limits = 3", "server.toml:1: limits: expected inside a section"),
        (
            "[contact]\nabuse = ['me']",
            "server.toml:2: contact.abuse: "
            "expected a URI such as mailto:abuse@example.org, got 'me'",
        ),
        (
            "[metrics]\nlisten = ['9090']",
            "server.toml:2: metrics.listen: expected an address such as "
            '"127.0.0.1:5222" or "[::]:5222", got \'9090\': '
            "no port between 0 and 65535 after the last colon",
        ),
    ],
)  # fmt: skip
def test_mistakes_between_keys(tmp_path: Path, text: str, expected: str) -> None:
    assert findings(tmp_path, text) == [expected]


def test_a_mistake_on_the_command_line_names_no_file(tmp_path: Path) -> None:
    found = findings(tmp_path, "", {"tls": {"require": "no"}, "tsl": {}})
    assert found == [
        "command line: tsl: no such section; did you mean tls?",
        "command line: tls.require: expected true or false, got 'no'",
    ]


def test_what_is_not_toml_tells_its_line(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "[server]\ndomains = [\n")
    assert found.startswith("server.toml:")
    assert "is not TOML" in found


def test_what_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        load(path)


def test_a_finding_reads_like_a_compiler_s() -> None:
    assert str(Finding("is wrong", "a.b", Path("x.toml"), 3)) == "x.toml:3: a.b: is wrong"

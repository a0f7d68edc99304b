"""Is the server found through DNS?"""

import dns.exception
import pytest

from server.config import load
from server.diagnosis.names import check_names, is_local

Records = dict[tuple[str, str], list[str]]
EVERYTHING: Records = {
    ("_xmpp-client._tcp.example.org", "SRV"): ["0 5 5222 xmpp.example.org."],
    ("_xmpps-client._tcp.example.org", "SRV"): ["0 5 5223 xmpp.example.org."],
    ("_xmpp-server._tcp.example.org", "SRV"): ["0 5 5269 xmpp.example.org."],
    ("xmpp.example.org", "AAAA"): ["2001:db8::1"],
}


def told(records: Records, domain: str = "example.org") -> list[str]:
    config = load(overrides={"server": {"domains": [domain]}})
    found = check_names(config, lambda name, kind: records.get((name, kind), []))
    return [f"{finding.level}: {finding.text}" for finding in found]


def test_all_records_are_there() -> None:
    assert told(EVERYTHING) == [
        "ok: _xmpp-client._tcp.example.org leads to xmpp.example.org:5222",
        "ok: _xmpps-client._tcp.example.org leads to xmpp.example.org:5223",
        "ok: _xmpp-server._tcp.example.org leads to xmpp.example.org:5269",
    ]


def test_no_records_at_all() -> None:
    assert told({}) == [
        "error: clients cannot find this server",
        "warning: clients with direct TLS find no _xmpps-client._tcp.example.org",
        "error: other servers cannot find this server",
    ]


def test_an_address_alone_will_do() -> None:
    assert [line[:8] for line in told({("example.org", "A"): ["192.0.2.1"]})] == ["warning:"] * 3


def test_a_record_that_leads_nowhere() -> None:
    records = {key: value for key, value in EVERYTHING.items() if key[1] == "SRV"}
    assert all("which has no address" in line for line in told(records))


def test_a_service_may_be_denied() -> None:
    records = EVERYTHING | {("_xmpps-client._tcp.example.org", "SRV"): ["0 0 0 ."]}
    assert told(records)[1] == "ok: _xmpps-client._tcp.example.org says that this is not offered"


def test_an_international_name_is_asked_for_in_ascii() -> None:
    records: Records = {("xn--mnchen-3ya.de", "A"): ["192.0.2.1"]}
    assert told(records, "münchen.de")[0].startswith(
        "warning: clients find no _xmpp-client._tcp.xn"
    )


def test_dns_that_does_not_answer_is_no_error_of_ours() -> None:
    def fail(_name: str, _kind: str) -> list[str]:
        raise dns.exception.Timeout

    config = load(overrides={"server": {"domains": ["example.org"]}})
    assert [finding.level for finding in check_names(config, fail)] == ["warning"]


@pytest.mark.parametrize(
    ("domain", "local"),
    [
        ("localhost", True),
        ("a.localhost", True),
        ("island.test", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("example.org", False),
        ("mylocalhost.org", False),
    ],
)
def test_which_names_are_local(domain: str, local: bool) -> None:
    assert is_local(domain) is local

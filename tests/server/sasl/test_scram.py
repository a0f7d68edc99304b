"""SCRAM: the exchanges of the RFCs, and every way to go wrong (RFC 5802, RFC 7677)."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import SASLCondition
from server.sasl.keys import Credentials, derive_keys
from server.sasl.mechanism import (
    Challenge,
    Exchange,
    Failure,
    NeedCredentials,
    OutOfTurn,
    Step,
    Success,
)
from server.sasl.scram import MECHANISMS, Scram
from tests.harness.scram import ScramClient

SALT = b64decode("QSXCR+Q6sek8bf92")
ALL = tuple(name + plus for plus in ("-PLUS", "") for name in MECHANISMS)
BINDING = ("tls-exporter", b"\x00exported keying material\xff")


def exchange(**changes: Any) -> Exchange:
    return replace(Exchange(domain="example.org", nonce="3rfcNHYJY1", secret=b"s"), **changes)


def stored(mechanism: str = "SCRAM-SHA-1", password: str = "pencil") -> Credentials:
    name = MECHANISMS[mechanism.removesuffix("-PLUS")]
    return {name: derive_keys(password, SALT, 4096, name)}


def login(client: ScramClient, credentials: Credentials | None, **changes: Any) -> Step:
    """Run a whole exchange; the last step."""
    server = Scram(client.mechanism, exchange(**changes))
    step = server.receive(client.first())
    if not isinstance(step, NeedCredentials):
        return step
    step = server.supply(credentials)
    assert isinstance(step, Challenge)
    step = server.receive(client.final(step.data))
    if isinstance(step, Success):
        assert step.data is not None
        assert client.verify(step.data)
    return step


def condition(step: Step) -> SASLCondition:
    assert isinstance(step, Failure)
    return step.condition


def first(message: str | bytes, mechanism: str = "SCRAM-SHA-1", **changes: Any) -> Step:
    data = message.encode() if isinstance(message, str) else message
    return Scram(mechanism, exchange(**changes)).receive(data)


def final(edit: dict[str, str] | None = None, raw: bytes | None = None, **changes: Any) -> Step:
    """A good exchange up to a final message that is edited, or replaced."""
    client = ScramClient("SCRAM-SHA-1", "user", "pencil")
    server = Scram("SCRAM-SHA-1", exchange(**changes))
    server.receive(client.first())
    challenge = server.supply(stored())
    assert isinstance(challenge, Challenge)
    message = client.final(challenge.data).decode()
    for old, new in (edit or {}).items():
        assert old in message
        message = message.replace(old, new, 1)
    return server.receive(message.encode() if raw is None else raw)


def test_exchange_of_rfc_5802() -> None:
    server = Scram("SCRAM-SHA-1", exchange(nonce="3rfcNHYJY1ZVvWVs7j"))
    step = server.receive(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
    assert step == NeedCredentials("user")
    assert server.supply(stored()) == Challenge(
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    )
    step = server.receive(
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    )
    assert step == Success("user", "", b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")


def test_exchange_of_rfc_7677() -> None:
    salt = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    server = Scram("SCRAM-SHA-256", exchange(nonce=nonce))
    assert server.receive(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO") == NeedCredentials("user")
    assert server.supply({"sha256": derive_keys("pencil", salt, 4096, "sha256")}) == Challenge(
        f"r=rOprNGfwEbeRWgbNEkqO{nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode()
    )
    step = server.receive(
        f"c=biws,r=rOprNGfwEbeRWgbNEkqO{nonce},"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".encode()
    )
    assert step == Success("user", "", b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_exchange_of_xep_0474() -> None:
    server = Scram(
        "SCRAM-SHA-1-PLUS",
        exchange(
            nonce="a09117a6-ac50-4f2f-93f1-93799c2bddf6",
            mechanisms=("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"),
            binding_types=("tls-server-end-point", "tls-exporter"),
            bindings={"tls-exporter": lambda: b"THIS IS FAKE CB DATA"},
        ),
    )
    server.receive(b"p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6")
    nonce = "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6"
    assert server.supply(stored()) == Challenge(
        f"r={nonce},s=QSXCR+Q6sek8bf92,i=4096,h=G6k/rBLDqgOhRRaCuuatSDFkJ08=".encode()
    )
    step = server.receive(
        f"c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r={nonce},"
        "x=19C6532F-1CF4-4A27-A18D-DC9CEA41BBB3,p=M/SIDjT+dfcxUh89jZEypRvFxB4=".encode()
    )
    assert step == Success("user", "", b"v=MQrMPvv7yv4x4Cq4W4Ih25EqS2c=")


def test_exchange_of_xep_0515() -> None:
    server = Scram(
        "SCRAM-SHA-1-PLUS",
        exchange(
            nonce="a09117a6-ac50-4f2f-93f1-93799c2bddf6",
            mechanisms=("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"),
            binding_types=("tls-server-end-point", "tls-exporter"),
            bindings={"tls-exporter": lambda: b"THIS IS FAKE CB DATA"},
            tls_version=0x0304,
        ),
    )
    server.receive(b"p=tls-exporter,,n=user,r=12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6")
    nonce = "12C4CD5C-E38E-4A98-8F6D-15C38F51CCC6a09117a6-ac50-4f2f-93f1-93799c2bddf6"
    server.supply(stored())
    step = server.receive(
        f"c=cD10bHMtZXhwb3J0ZXIsLFRISVMgSVMgRkFLRSBDQiBEQVRB,r={nonce},"
        "p=KHUfN8dSy1K95crT4D5y1ItLJfs=".encode()
    )
    assert step == Success("user", "", b"v=3w34ZIMVRkx2f2Ozb3/ecRPVdv4=")


@pytest.mark.parametrize("mechanism", ALL)
def test_every_mechanism_logs_in(mechanism: str) -> None:
    binding = BINDING if mechanism.endswith("-PLUS") else None
    client = ScramClient(mechanism, "user", "pencil", binding=binding)
    step = login(
        client,
        stored(mechanism),
        mechanisms=ALL,
        binding_types=("tls-exporter",),
        bindings={"tls-exporter": lambda: BINDING[1]},
        tls_version=0x0304,
    )
    assert isinstance(step, Success)
    assert client.server_attributes["t"] == "0304"


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_wrong_password(mechanism: str) -> None:
    step = login(ScramClient(mechanism, "user", "pen"), stored(mechanism))
    assert condition(step) is SASLCondition.NOT_AUTHORIZED


def test_missing_account_looks_like_a_wrong_password() -> None:
    known = ScramClient("SCRAM-SHA-256", "user", "wrong")
    unknown = ScramClient("SCRAM-SHA-256", "nobody", "wrong")
    again = ScramClient("SCRAM-SHA-256", "nobody", "wrong")
    ends = [
        login(known, {"sha256": derive_keys("pencil", b"0123456789abcdef", 10_000, "sha256")}),
        login(unknown, None),
        login(again, {}),
    ]
    assert ends[0] == ends[1] == ends[2]
    assert unknown.server_attributes == again.server_attributes
    assert unknown.server_attributes["i"] == known.server_attributes["i"]
    assert len(unknown.server_attributes["s"]) == len(known.server_attributes["s"])


def test_account_without_keys_for_this_hash_is_refused() -> None:
    client = ScramClient("SCRAM-SHA-512", "user", "pencil")
    assert condition(login(client, stored("SCRAM-SHA-1"))) is SASLCondition.NOT_AUTHORIZED


def test_name_is_prepared_and_its_escapes_undone() -> None:
    assert first("n,,n=User,r=x") == NeedCredentials("user")
    assert first("n,,n=a=3Db=2Cc,r=x") == NeedCredentials("a=b,c")
    assert first("n,,n=user@example.org,r=x") == NeedCredentials("user")


@pytest.mark.parametrize("name", ["user@other.example", "us:er", "user@example.org/x", "a b"])
def test_names_that_are_none_of_this_domain(name: str) -> None:
    assert condition(first(f"n,,n={name},r=x")) is SASLCondition.NOT_AUTHORIZED


def test_acting_as_oneself_only() -> None:
    step = login(ScramClient("SCRAM-SHA-1", "user", "pencil", authzid="user@example.org"), stored())
    assert isinstance(step, Success)
    assert step.authzid == "user@example.org"
    for other in ("root@example.org", "user@other.example", "user@example.org/r", "@"):
        step = first(f"n,a={other},n=user,r=x")
        assert condition(step) is SASLCondition.INVALID_AUTHZID


@pytest.mark.parametrize(
    "message",
    [
        "",
        ",",
        "n",
        "n,",
        "n,,",
        "n,,n=user",
        "x,,n=user,r=x",
        "p=,,n=user,r=x",
        "n=,,n=user,r=x",
        "n,user,n=user,r=x",
        "n,a=,n=user,r=x",
        "n,,m=ext,n=user,r=x",
        "n,,n=user,r=x,m=ext",
        "n,,n=,r=x",
        "n,,u=user,r=x",
        "n,,n=us=er,r=x",
        "n,,n=user=2c,r=x",
        "n,,n=user=,r=x",
        "n,,n=user,r=",
        "n,,n=user,s=x",
        "n,,n=user,r=ü",
        "n,,n=user,r=a b",
        "n,,n=user,r=" + "x" * 513,
        "n,,n=user,r=x,",
        "n,,n=user,r=x,xy",
        "n,,n=us\0er,r=x",
        b"n,,n=\xff,r=x",
    ],
)
def test_malformed_first_messages(message: str | bytes) -> None:
    assert condition(first(message)) is SASLCondition.MALFORMED_REQUEST


def test_optional_extensions_are_ignored() -> None:
    assert first("n,,n=user,r=x,x=anything") == NeedCredentials("user")


def test_flag_y_where_binding_was_offered_is_a_downgrade() -> None:
    step = first("y,,n=user,r=x", mechanisms=ALL)
    assert condition(step) is SASLCondition.NOT_AUTHORIZED
    step = first("y,,n=user,r=x", mechanisms=("SCRAM-SHA-1",))
    assert step == NeedCredentials("user")


def test_flag_and_mechanism_must_agree() -> None:
    bindings = {"tls-exporter": lambda: b"x"}
    step = first("p=tls-exporter,,n=user,r=x", bindings=bindings)
    assert condition(step) is SASLCondition.MALFORMED_REQUEST
    for flag in ("n", "y"):
        step = first(f"{flag},,n=user,r=x", "SCRAM-SHA-1-PLUS", bindings=bindings)
        assert condition(step) is SASLCondition.MALFORMED_REQUEST
    step = first("p=tls-unique,,n=user,r=x", "SCRAM-SHA-1-PLUS", bindings=bindings)
    assert condition(step) is SASLCondition.NOT_AUTHORIZED


def test_another_channel_is_refused() -> None:
    client = ScramClient("SCRAM-SHA-1-PLUS", "user", "pencil", binding=BINDING)
    step = login(client, stored(), mechanisms=ALL, bindings={"tls-exporter": lambda: b"other"})
    assert condition(step) is SASLCondition.NOT_AUTHORIZED


def test_changed_header_is_refused() -> None:
    # biws is "n,,", eSws is "y,,".
    assert condition(final({"c=biws": "c=eSws"})) is SASLCondition.NOT_AUTHORIZED


def test_changed_nonce_or_proof_is_refused() -> None:
    assert condition(final({"3rfcNHYJY1": "3rfcNHYJY2"})) is SASLCondition.NOT_AUTHORIZED
    assert condition(final({"3rfcNHYJY1": ""})) is SASLCondition.NOT_AUTHORIZED
    assert condition(final({",p=": ",p=AAAA"})) is SASLCondition.NOT_AUTHORIZED


@pytest.mark.parametrize(
    "message",
    [b"", b"p=AAAA", b"c=biws,p=AAAA", b"c=biws,r=x", b"c=biws,r=x,p=", b"c=biws,r=x,p=A",
     b"r=x,c=biws,p=AAAA", b"c=bi ws,r=x,p=AAAA", b"c=biws,r=x,m=y,p=AAAA", b"c=,r=x,p=AAAA",
     b"c=biws,r=x,p=AAAA,", b"c=biws,r=x,p=AAAA,x=y", b"\xff", b"c=biws,r=x,p=\0"],
)  # fmt: skip
def test_malformed_final_messages(message: bytes) -> None:
    assert condition(final(raw=message)) is SASLCondition.MALFORMED_REQUEST


def test_an_ended_attempt_stays_ended() -> None:
    server = Scram("SCRAM-SHA-1", exchange())
    assert isinstance(server.receive(b""), Failure)
    assert isinstance(server.receive(b"n,,n=user,r=x"), Failure)
    with pytest.raises(OutOfTurn):
        server.supply(None)


@given(st.binary(max_size=200))
def test_any_first_message_is_answered(data: bytes) -> None:
    assert isinstance(first(data), Failure | NeedCredentials)


@given(st.text(alphabet="npyamrc=,2CD3x/@", max_size=40))
def test_any_message_of_its_letters_is_answered(text: str) -> None:
    for start in ("", "n,,", "n,,n=user,r="):
        assert isinstance(first(start + text), Failure | NeedCredentials)


@given(st.text(alphabet="cprbiws=,A+/x", max_size=40))
def test_any_final_message_is_refused(text: str) -> None:
    server = Scram("SCRAM-SHA-1", exchange())
    server.receive(b"n,,n=user,r=x")
    server.supply(None)
    assert isinstance(server.receive(text.encode()), Failure)

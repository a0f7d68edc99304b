"""XEP-0115 §5.4, XEP-0390 §4: what a client claims, and whether its answer bears it out."""

import pytest
from lxml import etree

from extensions.caps.rules import Claim, bears_out, claim_of, features_of, interests_of
from extensions.payloads import info
from extensions.payloads.forms import Field, Form, typed
from server.errors import StanzaError
from server.jid import JID
from server.stanza import Stanza

CAPS = "<c xmlns='http://jabber.org/protocol/caps' {}/>"
CAPS_2 = "<c xmlns='urn:xmpp:caps'>{}</c>"
HASH_2 = "<hash xmlns='urn:xmpp:hashes:2' algo='{}'>{}</hash>"
EXODUS = info.Info(
    (info.Identity("client", "pc", name="Exodus 0.9.1"),),
    (
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "http://jabber.org/protocol/muc",
    ),
)
VER = "QgayPKawpkPSDYmwT/WM94uAlu0="  # §5.2


def presence(content: str) -> Stanza:
    element = etree.fromstring(f"<presence xmlns='jabber:client'>{content}</presence>")
    return Stanza("presence", element, None, JID.of("a@b/c"))


@pytest.mark.parametrize(
    ("content", "claim"),
    [
        ("", None),
        (CAPS.format("hash='sha-1' node='n' ver='v'"), Claim(1, "sha-1", "v", "n#v")),
        (CAPS.format("node='n' ver='1.0'"), Claim(1, "", "1.0", "n#1.0")),
        (CAPS.format("hash='md5' node='n' ver='v'"), Claim(1, "md5", "v", "n#v")),
        (CAPS.format("hash='sha-1' ver='v'"), None),
        (CAPS.format("hash='sha-1' node='n'"), None),
        (CAPS.format(f"hash='sha-1' node='{'n' * 512}' ver='v'"), None),
        (
            CAPS_2.format(HASH_2.format("sha-256", "h")),
            Claim(2, "sha-256", "h", "urn:xmpp:caps#sha-256.h"),
        ),
        (CAPS_2.format(HASH_2.format("whirlpool", "h")), None),
        (CAPS_2.format(""), None),
        (
            CAPS.format("hash='sha-1' node='n' ver='v'")
            + CAPS_2.format(HASH_2.format("sha-256", "h")),
            Claim(1, "sha-1", "v", "n#v"),
        ),
        (
            CAPS.format("node='n' ver='1.0'") + CAPS_2.format(HASH_2.format("sha-256", "h")),
            Claim(2, "sha-256", "h", "urn:xmpp:caps#sha-256.h"),
        ),
    ],
)  # fmt: skip
def test_claims(content: str, claim: Claim | None) -> None:
    assert claim_of(presence(content)) == claim


def test_the_example_is_borne_out() -> None:
    assert bears_out(Claim(1, "sha-1", VER, "n"), EXODUS)
    assert not bears_out(Claim(1, "sha-1", VER[:-2] + "x=", "n"), EXODUS)
    assert not bears_out(Claim(1, "sha-256", VER, "n"), EXODUS)
    assert not bears_out(Claim(1, "", VER, "n"), EXODUS)


def test_the_second_generation() -> None:
    value = info.capability_hash(EXODUS, "sha3-256")
    assert bears_out(Claim(2, "sha3-256", value, "n"), EXODUS)
    assert not bears_out(Claim(2, "sha-256", value, "n"), EXODUS)


def test_forms_without_a_hidden_type_do_not_count() -> None:
    """§5.4 rule 3.6."""
    untyped = Form("result", (Field("FORM_TYPE", ("urn:x",), "text-single"),))
    typed_ = Form("result", typed("urn:x", Field("a", ("1",))))
    said = info.Info(EXODUS.identities, EXODUS.features, (untyped,))
    assert bears_out(Claim(1, "sha-1", VER, "n"), said)
    said = info.Info(EXODUS.identities, EXODUS.features, (typed_,))
    assert not bears_out(Claim(1, "sha-1", VER, "n"), said)


@pytest.mark.parametrize(
    "said",
    [
        info.Info(EXODUS.identities * 2, EXODUS.features),
        info.Info(EXODUS.identities, (*EXODUS.features, EXODUS.features[0])),
        info.Info(EXODUS.identities, forms=(Form("result", typed("a")),) * 2),
        info.Info(forms=(Form("result", (Field("FORM_TYPE", ("a", "b"), "hidden"),)),)),
    ],
)  # fmt: skip
def test_what_is_said_twice_is_ill_formed(said: info.Info) -> None:
    """§5.4 rules 3.3 to 3.5."""
    try:
        value = info.verification(said)
    except StanzaError:
        value = VER
    assert not bears_out(Claim(1, "sha-1", value, "n"), said)


def test_one_feature_cannot_pass_for_two() -> None:
    """The text that is hashed is the same, the meaning is not: a poisoned cache."""
    honest = info.Info(EXODUS.identities, ("urn:a", "urn:b+notify"))
    poisoned = info.Info(EXODUS.identities, ("urn:a<urn:b+notify",))
    assert info.verification(honest) == info.verification(poisoned)
    claim = Claim(1, "sha-1", info.verification(honest), "n")
    assert bears_out(claim, honest)
    assert not bears_out(claim, poisoned)


def test_what_is_remembered_is_bounded() -> None:
    said = info.Info(features=(*(f"f{number}" for number in range(600)), "x" * 2000))
    assert len(features_of(said)) == 512
    assert features_of(info.Info(features=("x" * 2000,))) == frozenset()


def test_interests() -> None:
    features = frozenset(("urn:a+notify", "urn:b", "+notify", "urn:c+notify+notify"))
    assert interests_of(features) == {"urn:a", "", "urn:c+notify"}

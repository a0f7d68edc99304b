"""XEP-0030 §3, and the vectors of XEP-0115 §5.2, §5.3 and XEP-0390 §4.5."""

import pytest
from lxml import etree

from extensions.payloads import info
from extensions.payloads.forms import Field, Form
from extensions.payloads.info import Identity, Info

BOMBUS = (
    "http://jabber.org/protocol/si",
    "http://jabber.org/protocol/bytestreams",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "urn:xmpp:ping",
    "jabber:iq:time",
    "jabber:iq:privacy",
    "jabber:iq:version",
    "http://jabber.org/protocol/rosterx",
    "urn:xmpp:time",
    "jabber:x:oob",
    "http://jabber.org/protocol/ibb",
    "http://jabber.org/protocol/si/profile/file-transfer",
    "urn:xmpp:receipts",
    "jabber:iq:roster",
    "jabber:iq:last",
)
TKABBER = (
    "games:board",
    "http://jabber.org/protocol/activity",
    "http://jabber.org/protocol/activity+notify",
    "http://jabber.org/protocol/bytestreams",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/commands",
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "http://jabber.org/protocol/evil",
    "http://jabber.org/protocol/feature-neg",
    "http://jabber.org/protocol/geoloc",
    "http://jabber.org/protocol/geoloc+notify",
    "http://jabber.org/protocol/ibb",
    "http://jabber.org/protocol/iqibb",
    "http://jabber.org/protocol/mood",
    "http://jabber.org/protocol/mood+notify",
    "http://jabber.org/protocol/rosterx",
    "http://jabber.org/protocol/si",
    "http://jabber.org/protocol/si/profile/file-transfer",
    "http://jabber.org/protocol/tune",
    "http://www.facebook.com/xmpp/messages",
    "http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify",
    "jabber:iq:avatar",
    "jabber:iq:browse",
    "jabber:iq:dtcp",
    "jabber:iq:filexfer",
    "jabber:iq:ibb",
    "jabber:iq:inband",
    "jabber:iq:jidlink",
    "jabber:iq:last",
    "jabber:iq:oob",
    "jabber:iq:privacy",
    "jabber:iq:roster",
    "jabber:iq:time",
    "jabber:iq:version",
    "jabber:x:data",
    "jabber:x:event",
    "jabber:x:oob",
    "urn:xmpp:avatar:metadata+notify",
    "urn:xmpp:ping",
    "urn:xmpp:receipts",
    "urn:xmpp:time",
)

SIMPLE = Info((Identity("client", "mobile", "", "BombusMod"),), BOMBUS)
COMPLEX = Info(
    (Identity("client", "pc", "en", "Tkabber"), Identity("client", "pc", "ru", "Ткаббер")),
    TKABBER,
    (
        Form(
            "result",
            (
                Field("FORM_TYPE", ("urn:xmpp:dataforms:softwareinfo",), "hidden"),
                Field("software", ("Tkabber",)),
                Field("software_version", ("0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)",)),
                Field("os", ("Windows",)),
                Field("os_version", ("XP",)),
            ),
        ),
    ),
)
DISCO = "http://jabber.org/protocol/disco"
EXODUS = Info(
    (Identity("client", "pc", name="Exodus 0.9.1"),),
    (f"{DISCO}#items", f"{DISCO}#info", "http://jabber.org/protocol/muc",
     "http://jabber.org/protocol/caps"),
)  # fmt: skip
PSI = Info(
    (Identity("client", "pc", "en", "Psi 0.11"), Identity("client", "pc", "el", "Ψ 0.11")),
    EXODUS.features,
    (
        Form(
            "result",
            (
                Field("FORM_TYPE", ("urn:xmpp:dataforms:softwareinfo",), "hidden"),
                Field("ip_version", ("ipv6", "ipv4"), "text-multi"),
                Field("os", ("Mac",)),
                Field("os_version", ("10.5.1",)),
                Field("software", ("Psi",)),
                Field("software_version", ("0.11",)),
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("said", "version"),
    [(EXODUS, "QgayPKawpkPSDYmwT/WM94uAlu0="), (PSI, "q07IKJEyjvHSyhy//CH0CxmKi8w=")],
)
def test_verification_strings(said: Info, version: str) -> None:
    assert info.verification(said) == version


@pytest.mark.parametrize(
    ("said", "algorithm", "value"),
    [
        (SIMPLE, "sha-256", "kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8="),
        (SIMPLE, "sha3-256", "79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q="),
        (COMPLEX, "sha-256", "u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY="),
        (COMPLEX, "sha3-256", "XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg="),
    ],
)
def test_capability_hashes(said: Info, algorithm: str, value: str) -> None:
    assert info.capability_hash(said, algorithm) == value


def test_the_node_of_a_capability_hash() -> None:
    assert info.capability_node("sha-256", "abc=") == "urn:xmpp:caps#sha-256.abc="


@pytest.mark.parametrize("said", [SIMPLE, COMPLEX, EXODUS, PSI, Info()])
def test_what_is_built_is_parsed_to_the_same(said: Info) -> None:
    assert info.parse(etree.fromstring(info.build(said))) == said


def test_the_node_is_mirrored() -> None:
    assert etree.fromstring(info.build(SIMPLE, "a'b")).get("node") == "a'b"

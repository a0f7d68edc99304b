"""Opening, ending and breaking a client's stream (RFC 6120 §4, §11)."""

from __future__ import annotations

import pytest
from lxml import etree

from server.c2s.phase import Phase
from tests.harness.house import House
from tests.harness.talk import SUCCESS, connect, expect_end, expect_refusal, header, plain

XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
NS_STREAM = "http://etherx.jabber.org/streams"


# -- the header (§4.7) --


async def test_the_answer_to_a_header() -> None:
    """§4.7.1: 'from' MUST be the server's; §4.7.3: 'id' is REQUIRED; §4.7.4: 'xml:lang' too."""
    async with House() as house:
        client = await connect(house)
        answer = client.header
        assert answer is not None
        assert answer.tag == f"{{{NS_STREAM}}}stream"
        assert answer.get("from") == "example.org"
        assert answer.get("version") == "1.0"
        assert answer.get("id")
        assert answer.get(XML_LANG)
        assert answer.nsmap[None] == "jabber:client"
        assert client.said.startswith(b"<?xml ")


async def test_identifiers_of_streams_are_unique_and_unpredictable() -> None:
    """§4.7.3: "the stream ID MUST be unique … and unpredictable"."""
    async with House() as house:
        names = set()
        for _ in range(20):
            client = await connect(house)
            assert client.header is not None
            names.add(client.header.get("id", ""))
        assert len(names) == 20
        assert min(map(len, names)) >= 16  # 96 bits of chance at least


async def test_a_new_identifier_after_each_restart() -> None:
    """§4.3.3: "the receiving entity MUST generate a new stream ID"."""
    async with House() as house:
        client = await house.login("anna/a")
        said = bytes(client.said)
        assert said.count(b"<stream:stream ") == 2
        heads = [part.split(b">")[0] for part in said.split(b"<stream:stream ")[1:]]
        first, second = (head.split(b" id='")[1].split(b"'")[0] for head in heads)
        assert first != second


async def test_a_from_is_answered_with_a_to() -> None:
    """§4.7.2: if the client named itself, "the receiving entity MUST include a 'to' attribute"."""
    async with House() as house:
        client = await connect(house, header(more=" from='anna@example.org'"))
        assert client.header is not None
        assert client.header.get("to") == "anna@example.org"


@pytest.mark.parametrize("from_", ["@", "anna@", "&lt;&apos;&quot;"])
async def test_a_from_that_is_no_address_is_not_repeated(from_: str) -> None:
    async with House() as house:
        client = await connect(house, header(more=f' from="{from_}"'))
        assert client.header is not None
        assert client.header.get("to") is None


async def test_without_a_to_there_is_one_host_to_mean() -> None:
    async with House() as house:
        client = await connect(house, header(to=None))
        await client.expect("<stream:features/>")


async def test_without_a_to_among_several_hosts() -> None:
    """§4.9.3.6 host-unknown; §4.9.1.2: the header is sent before the error all the same."""
    async with House(domains=["example.org", "example.net"]) as house:
        client = await connect(house, header(to=None))
        assert client.header is not None
        await expect_end(client, "host-unknown")


async def test_each_domain_answers_as_itself() -> None:
    async with House(domains=["example.org", "example.net"]) as house:
        client = await connect(house, header(to="example.net"))
        assert client.header is not None
        assert client.header.get("from") == "example.net"


async def test_domains_are_compared_prepared() -> None:
    async with House() as house:
        client = await connect(house, header(to="EXAMPLE.ORG"))
        await client.expect("<stream:features/>")


@pytest.mark.parametrize(
    ("opening", "condition"),
    [
        # §4.9.3.6: "the value of the 'to' attribute … does not correspond to an FQDN that is
        # serviced by the receiving entity"
        (header(to="elsewhere.example"), "host-unknown"),
        # §4.9.3.7: "improper addressing … a 'to' or 'from' attribute whose value does not
        # conform to the rules"
        (header(to="a@b@c"), "improper-addressing"),
        (header(to=""), "improper-addressing"),
        # §4.7.5, §4.9.3.25: less than 1.0 is not spoken here
        (header(version=None), "unsupported-version"),
        (header(version="0.9"), "unsupported-version"),
        # §4.9.3.10: "the namespace name of the root … or the content namespace is not supported"
        (header().replace("jabber:client", "jabber:server"), "invalid-namespace"),
        (header().replace("jabber:client", "jabber:nonsense"), "invalid-namespace"),
        (header().replace("jabber.org/streams", "jabber.org/rivers"), "invalid-namespace"),
        # §4.9.3.1: "cannot be processed" as a stream
        ("<message xmlns='jabber:client'>", "bad-format"),
        # §4.9.3.13
        ("GET / HTTP/1.1\r\n\r\n", "not-well-formed"),
        ("<<", "not-well-formed"),
        # §4.9.3.22, §11.6
        ("<?xml version='1.0' encoding='ISO-8859-1'?>", "unsupported-encoding"),
        ("\x80", "not-well-formed"),
        # §11.1
        ("<!DOCTYPE lolz [<!ENTITY lol 'lol'>]>", "restricted-xml"),
        ("<!-- hello -->", "restricted-xml"),
        (header(more=" a='" + "a" * 20_000 + "'"), "policy-violation"),
    ],
)
async def test_bad_headers(opening: str, condition: str) -> None:
    """§4.9.1.2: "the receiving entity MUST still send the opening <stream> tag"."""
    async with House() as house:
        client = await connect(house, opening)
        assert client.header is not None
        assert client.said.count(b"<stream:stream ") == 1
        await expect_end(client, condition)


async def test_higher_versions_are_ours() -> None:
    """§4.7.5: the answer is "the lower of" the two versions."""
    async with House() as house:
        client = await connect(house, header(version="7.3"))
        assert client.header is not None
        assert client.header.get("version") == "1.0"
        await client.expect("<stream:features/>")


async def test_a_header_byte_by_byte() -> None:
    async with House() as house:
        client = house.connect()
        for byte in header().encode():
            client.say(bytes([byte]))
        await client.expect("<stream:features/>")


async def test_features_and_what_follows_come_in_one_piece() -> None:
    """Nothing forbids a client to say at once what it knows that it will have to."""
    async with House() as house:
        await house.add_user("anna")
        client = house.connect()
        await client.send(header() + plain("anna"))
        await client.expect("<stream:features/>")
        await client.expect(SUCCESS)
        await client.open()


# -- the end (§4.4) --


async def test_goodbye_is_answered() -> None:
    """§4.4: "the … entity that receives … MUST respond with a closing </stream> tag"."""
    async with House() as house:
        client = await house.login("anna/a")
        await client.send("</stream:stream>")
        assert client.is_closed
        assert not client.line.is_open
        assert not client.inbox
        assert not house.server.hosts["example.org"].accounts.active()


@pytest.mark.parametrize("before", ["", "<message to='ben@example.org'><body>hi</body></message>"])
async def test_what_comes_before_goodbye_is_still_handled(before: str) -> None:
    """§4.4: data that came before the end is processed."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        await anna.send(before + "</stream:stream>")
        assert anna.is_closed
        assert len(ben.take_all()) == bool(before)


async def test_nothing_is_handled_after_goodbye() -> None:
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        await anna.send("</stream:stream><message to='ben@example.org'><body>hi</body></message>")
        await ben.expect_nothing()


async def test_goodbye_before_login() -> None:
    async with House() as house:
        client = await connect(house)
        await client.send("</stream:stream>")
        assert client.is_closed
        assert not client.line.is_open


async def test_white_space_keeps_a_stream_alive() -> None:
    """§4.6.1: white space between stanzas means nothing."""
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(" ")
        await anna.send("\n\t ")
        await anna.expect_nothing()
        assert anna.line.is_open


# -- stream errors on an open stream (§4.9.3) --

WRONG = [
    # §4.9.3.13: the XML is not well-formed
    ("<message><body></message></body>", "not-well-formed"),
    ("<message", None),  # not complete, not wrong
    ("<message><body></message>", None),  # seen when the element ends, or becomes too large
    ("</message>", "not-well-formed"),
    ("<message a='1' a='2'/>", "not-well-formed"),
    # §4.9.3.18, §11.1: comments, processing instructions, DTDs, entities
    ("<!-- no -->", "restricted-xml"),
    ("<message><!-- no --></message>", "restricted-xml"),
    ("<?php echo 1 ?>", "restricted-xml"),
    ("<message><body>&lol;</body></message>", "restricted-xml"),
    ("<!DOCTYPE a>", "restricted-xml"),
    # §4.9.3.2: "a namespace prefix that is unsupported", or none is declared for it
    ("<nobody:knows/>", "bad-namespace-prefix"),
    # §4.9.3.24: "a first-level child … not supported"
    ("<unknown xmlns='urn:example:unknown'/>", "unsupported-stanza-type"),
    ("<message xmlns='jabber:server'/>", "unsupported-stanza-type"),
    ("<stream:features/>", "unsupported-stanza-type"),
    # §4.9.3.1
    ("hello", "bad-format"),
]


@pytest.mark.parametrize(("said", "condition"), WRONG)
async def test_wrong_xml_ends_a_bound_stream(said: str, condition: str | None) -> None:
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(said)
        if condition is None:
            await anna.expect_nothing()
            assert anna.line.is_open
        else:
            await expect_end(anna, condition)


@pytest.mark.parametrize(
    ("said", "condition"), [pair for pair in WRONG if pair[1] not in (None, "bad-format")]
)
async def test_wrong_xml_ends_a_new_stream(said: str, condition: str) -> None:
    async with House() as house:
        client = await connect(house)
        await client.send(said)
        await expect_end(client, condition)


async def test_a_second_header_on_an_open_stream() -> None:
    """§4.3.3: a stream is restarted after negotiation only; here it is one element too many."""
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(header())
        anna.say("</stream:stream>")
        await anna._house.settle()
        assert not anna.line.is_open


async def test_what_came_before_an_error_is_handled() -> None:
    """§4.9.1.1: an error ends the stream, not what was said before."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        await anna.send("<message to='ben@example.org'><body>hi</body></message><broken a=1/>")
        await ben.expect("<message from='anna@example.org/a'><body>hi</body></message>")
        await expect_end(anna, "not-well-formed")


@pytest.mark.parametrize("stanza", ["message", "presence", "iq type='get' id='a'"])
@pytest.mark.parametrize("is_authenticated", [False, True])
async def test_stanzas_before_their_time(stanza: str, is_authenticated: bool) -> None:
    """§4.9.3.12: "attempted to send data before the stream has been authenticated"; §7.1."""
    async with House() as house:
        ben = await house.online("ben/b")
        client = await connect(house)
        if is_authenticated:
            await house.add_user("anna")
            await client.send(plain("anna"))
            await client.expect(SUCCESS)
            await client.open()
        await client.send(f"<{stanza} to='ben@example.org'/>")
        await expect_end(client, "not-authorized")
        await ben.expect_nothing()


async def test_a_stream_for_another_domain_after_login() -> None:
    """Who authenticated for one domain is nobody on another."""
    async with House(domains=["example.org", "example.net"]) as house:
        await house.add_user("anna")
        client = await connect(house)
        await client.send(plain("anna"))
        await client.expect(SUCCESS)
        await client.send(header(to="example.net"))
        await expect_end(client, "host-unknown")


@pytest.mark.parametrize("is_bound", [False, True])
async def test_an_error_of_the_client_ends_the_stream(is_bound: bool) -> None:
    """§4.9.1.1: it is unrecoverable; and an error is not the answer to an error."""
    async with House() as house:
        client = await house.login("anna/a") if is_bound else await connect(house)
        client.take_all()
        await client.send(
            "<stream:error><not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "</stream:error></stream:stream>"
        )
        await client.expect_nothing()
        assert client.is_closed
        assert not client.line.is_open


# -- whose stanzas these are (§8.1.2.1) --


@pytest.mark.parametrize("from_", ["anna@example.org/a", "anna@example.org", "Anna@EXAMPLE.org/a"])
async def test_an_honest_from(from_: str) -> None:
    """§8.1.2.1: a client may say who it is; what others see is its full address."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        await anna.send(f"<message from='{from_}' to='ben@example.org'><body>hi</body></message>")
        await ben.expect("<message from='anna@example.org/a'/>")


@pytest.mark.parametrize(
    "from_",
    ["ben@example.org", "anna@example.org/other", "example.org", "", "@", "ben@example.org/b"],
)
async def test_a_forged_from(from_: str) -> None:
    """§8.1.2.1: "the server MUST … return an <invalid-from/> stream error", and drops it all."""
    async with House() as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        message = f"<message from='{from_}' to='ben@example.org'><body>hi</body></message>"
        await anna.send(message + "<message to='ben@example.org'><body>later</body></message>")
        await expect_end(anna, "invalid-from")
        await ben.expect_nothing()


@pytest.mark.parametrize("kind", ["message", "presence", "iq type='get'"])
async def test_a_malformed_to(kind: str) -> None:
    """§8.1.1, §8.3.3.8: "the server MUST return" jid-malformed to a client's local error."""
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send(f"<{kind} id='x' to='a@b@c'><a xmlns='urn:example:a'/></{kind.split()[0]}>")
        refusal = await expect_refusal(anna, "jid-malformed", kind.split()[0])
        assert refusal.get("id") == "x"
        assert anna.line.is_open


async def test_a_malformed_to_of_an_error_is_not_answered() -> None:
    async with House() as house:
        anna = await house.login("anna/a")
        await anna.send("<message type='error' to='a@b@c'/><iq type='result' id='1' to='a@b@c'/>")
        await anna.expect_nothing()


# -- sizes (§13.12, XEP-0478) --


async def test_what_is_too_large_ends_the_stream() -> None:
    """§4.9.3.14 policy-violation: "a stanza … that exceeds the size limit"."""
    limits = {"max_stanza_size": "20000B", "max_stanza_size_unauthenticated": "10000B"}
    async with House(config={"limits": limits}) as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        start, end = "<message to='ben@example.org'><body>", "</body></message>"
        room = 20_000 - len(start) - len(end)
        await anna.send(start + "a" * room + end)
        assert len(ben.take_all()) == 1
        await anna.send(start + "a" * (room + 1) + end)
        error = await expect_end(anna, "policy-violation")
        # "the server MAY choose to specify the policy … in an application-specific condition"
        assert error.find("{urn:xmpp:errors}stanza-too-big") is not None
        assert "20000" in (error.findtext("{*}text") or "")
        await ben.expect_nothing()


async def test_what_is_too_large_need_not_be_complete() -> None:
    limits = {"max_stanza_size": "20000B", "max_stanza_size_unauthenticated": "10000B"}
    async with House(config={"limits": limits}) as house:
        anna = await house.login("anna/a")
        anna.say("<message><body>")
        for _ in range(25):
            if anna.line.is_open:
                anna.say("a" * 1000)
        await expect_end(anna, "policy-violation")


async def test_less_is_borne_before_login() -> None:
    """§13.12: a limit for those who have not authenticated may be tighter."""
    limits = {"max_stanza_size": "20000B", "max_stanza_size_unauthenticated": "10000B"}
    async with House(config={"limits": limits}) as house:
        client = await connect(house)
        await client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + "a" * 10_001)
        await expect_end(client, "policy-violation")


@pytest.mark.parametrize(("depth", "is_borne"), [(128, True), (129, False)])
async def test_depth(depth: int, is_borne: bool) -> None:
    async with House(config={"limits": {"max_depth": 128}}) as house:
        anna, ben = await house.login("anna/a"), await house.online("ben/b")
        inside = "<a xmlns='urn:example:a'>" + "<a>" * (depth - 2) + "</a>" * (depth - 1)
        await anna.send(f"<message to='ben@example.org'>{inside}</message>")
        assert anna.line.is_open is is_borne
        assert len(ben.take_all()) == is_borne


# -- waiting --


async def test_order_is_kept_while_a_handler_waits() -> None:
    """§10.1: stanzas "MUST be processed in order": loading an account makes nobody overtake."""
    async with House() as house:
        await house.add_user("carl")
        anna = await house.login("anna/a")
        stanzas = "".join(
            f"<iq type='get' id='{n}' to='{to}@example.org'><q xmlns='urn:example:q'/></iq>"
            for n, to in enumerate(["carl", "anna", "dora", "anna", "emil"])
        )
        await anna.send(stanzas)
        answers = anna.take_all()
        assert [answer.get("id") for answer in answers] == ["0", "1", "2", "3", "4"]
        assert anna.line.pauses == 0


async def test_the_connection_goes_while_a_handler_waits() -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        client.say(plain("anna"))
        client.vanish()
        await house.settle()
        assert not house.server.newcomers
        assert not house.server.streams


@pytest.mark.parametrize("waits", [False, True])
async def test_a_bug_in_a_handler_ends_the_stream_without_telling_why(waits: bool) -> None:
    """§4.9.3.8 internal-server-error; answered with a number and no detail."""
    async with House() as house:
        client = await connect(house)

        def broken(stream: object, element: object) -> None:
            raise RuntimeError("the secret is 42")

        async def broken_later(stream: object, element: object) -> None:
            broken(stream, element)

        handler = broken_later if waits else broken
        house.server.c2s_table = {(Phase.UNAUTHENTICATED, "{urn:example:a}a"): handler}
        await client.send("<a xmlns='urn:example:a'/><b xmlns='urn:example:b'/>")
        end = await expect_end(client, "internal-server-error")
        assert b"42" not in etree.tostring(end)

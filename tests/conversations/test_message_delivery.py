"""Who gets a message: the whole table of RFC 6121 §8.5.4, with live sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.harness.house import House

if TYPE_CHECKING:
    from tests.harness.house import Client

TYPES = ("normal", "chat", "groupchat", "headline", "error")
BARE, MATCH, OTHER = "anna@example.org", "anna@example.org/1", "anna@example.org/gone"

#: The table as it stands in the RFC, one row for each kind of address, one letter for each type.
#: D: delivered to the resource; M: to the most available ones, or all; A: to all with a
#: non-negative priority; O: kept, or refused; S: ignored, or refused; E: refused; I: ignored.
#: (§8.5.1, §8.5.2.1.1, §8.5.2.2.1, §8.5.3.1, §8.5.3.2.1; errors are never answered: §8.3.1.)
TABLE = {
    "no account": {BARE: "SSESI", OTHER: "SSSSI"},
    "nobody there": {BARE: "OOESI", OTHER: "SOSSI"},
    "not available": {BARE: "OOESI", MATCH: "DDDDD", OTHER: "SOSSI"},
    "one negative": {BARE: "OOESI", MATCH: "DDDDD", OTHER: "SOSSI"},
    "one": {BARE: "DDEDI", MATCH: "DDDDD", OTHER: "SDSSI"},
    "many": {BARE: "MMEAI", MATCH: "DDDDD", OTHER: "SMSSI"},
}

#: How we use the freedom that the letters leave.
OURS = {
    "D": {"delivered"}, "M": {"delivered"}, "A": {"delivered"}, "O": {"kept"},
    "S": {"ignored", "refused"}, "E": {"refused"}, "I": {"ignored"},
}  # fmt: skip


DEVICES: dict[str, dict[str, int | None]] = {
    "nobody there": {},
    "not available": {"1": None},
    "one negative": {"1": -1},
    "one": {"1": 0},
    "many": {"1": 0, "2": 5, "hidden": -1, "absent": None},
}


async def devices(house: House, scene: str) -> dict[str, Client]:
    """Anna's devices in that scene, by resource."""
    if scene == "no account":
        return {}
    await house.add_user("anna")
    found = {}
    for resource, priority in DEVICES[scene].items():
        found[resource] = client = await house.login(f"anna/{resource}")
        if priority is not None:
            await client.send(f"<presence><priority>{priority}</priority></presence>")
    for client in found.values():
        client.take_all()
    return found


def texts(client: Client) -> set[str]:
    """The bodies of the messages that came."""
    found = {element.findtext("{jabber:client}body") for element in client.take_all()}
    return {text for text in found if text}


@pytest.mark.parametrize("scene", TABLE)
async def test_the_table(scene: str) -> None:
    async with House() as house:
        clients = await devices(house, scene)
        ben = await house.online("ben/b")
        outcomes: dict[str, str] = {}
        wanted: dict[str, str] = {}
        for to, letters in TABLE[scene].items():
            for type_, letter in zip(TYPES, letters, strict=True):
                name = f"{type_} to {to}"
                await ben.send(
                    f"<message type='{type_}' id='{name}' to='{to}'><body>{name}</body></message>"
                )
                wanted[name] = letter
                got = {resource for resource, client in clients.items() if name in texts(client)}
                answers = ben.take_all()
                outcomes[name] = "refused" if answers else "delivered" if got else ""
                if answers:
                    assert not got
                    assert [answer.get("id") for answer in answers] == [name]
                    assert answers[0].get("from") == to
                    error = answers[0].find("{jabber:client}error")
                    assert error is not None
                    assert error[0].tag.endswith("}service-unavailable")
                if got and to == MATCH:
                    assert got == {"1"}
                elif got:
                    # Never to those with negative priority (§8.5.2.1.1), to all others.
                    assert got == {"1", "2"} & set(clients)
        late = set()
        if scene != "no account":
            newcomer = await house.login("anna/later")
            await newcomer.send("<presence/>")
            late = texts(newcomer)
        for name, outcome in outcomes.items():
            if not outcome:
                outcomes[name] = "kept" if name in late else "ignored"
            else:
                assert outcome != "refused" or name not in late
        wrong = {n: (o, wanted[n]) for n, o in outcomes.items() if o not in OURS[wanted[n]]}
        assert not wrong


async def test_an_unknown_type_is_normal() -> None:
    """§5.2.2: "it MUST consider the message to be of type 'normal'"."""
    async with House() as house:
        anna, ben = await house.online("anna/1"), await house.online("ben/b")
        for type_ in ("", " type='nonsense'"):
            await ben.send(f"<message{type_} to='{BARE}'><body>hi</body></message>")
            await anna.expect("<message><body>hi</body></message>")


async def test_a_message_without_address_is_to_oneself() -> None:
    """RFC 6120 §10.3.1: "as if the 'to' address were the bare JID … of the sending entity"."""
    async with House() as house:
        one, two = await house.online("anna/1"), await house.online("anna/2")
        one.take_all()
        await one.send("<message type='chat'><body>note</body></message>")
        for client in (one, two):
            await client.expect("<message from='anna@example.org/1' to='anna@example.org'/>")
            await client.expect_nothing()


async def test_what_is_delivered_is_what_was_sent() -> None:
    """RFC 6120 §8.1.3, §8.4: id, language, text and extensions pass unchanged."""
    async with House() as house:
        anna, ben = await house.online("anna/1"), await house.online("ben/b")
        await ben.send(
            f"<message type='chat' id='&lt;&apos;&amp;' xml:lang='de' to='{BARE}'>"
            "<body>Grüße &amp; <![CDATA[<mehr>]]> &#x1F600;</body>"
            "<x:a xmlns:x='urn:example:x' x:b='1' c='&quot;'>t<x:d/>u</x:a></message>"
        )
        found = await anna.expect(
            "<message type='chat' id='&lt;&apos;&amp;' from='ben@example.org/b' "
            "to='anna@example.org'><body>Grüße &amp; &lt;mehr&gt; 😀</body>"
            "<a xmlns='urn:example:x' c='&quot;'>t<d/></a></message>"
        )
        assert found.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
        assert found.find("{urn:example:x}a").get("{urn:example:x}b") == "1"  # type: ignore[union-attr]


async def test_order_between_two_devices() -> None:
    """RFC 6120 §10.1: in order."""
    async with House() as house:
        anna, ben = await house.online("anna/1"), await house.online("ben/b")
        await ben.send(
            "".join(f"<message to='{BARE}'><body>{n}</body></message>" for n in range(50))
        )
        bodies = [element.findtext("{jabber:client}body") for element in anna.take_all()]
        assert bodies == [str(n) for n in range(50)]

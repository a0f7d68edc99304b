"""XEP-0163: accounts as services, for their owners and their contacts."""

import pytest

from tests.extensions.pubsub.people import (
    EVERYTHING,
    arrive,
    ask,
    bare,
    befriend,
    condition,
    events,
    form,
    item,
    item_ids,
    options,
    presence,
    publish,
    tell,
)
from tests.harness.house import House

TUNE = "http://jabber.org/protocol/tune"
DEVICES = "eu.siacs.conversations.axolotl.devicelist"


async def test_contacts_and_own_devices_are_notified() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony", TUNE)
        chamber = await arrive(house, "juliet/chamber", TUNE)
        romeo = await arrive(house, "romeo/orchard", TUNE)
        deaf = await arrive(house, "romeo/street")
        for client in (juliet, chamber, romeo, deaf):
            client.take_all()
        answer = await publish(juliet, TUNE, item("a"))
        assert condition(answer) == ""
        assert answer[0][0][0].get("id") == "a"
        for client in (juliet, chamber, romeo):
            element = await client.expect(
                f"<message type='headline' from='juliet@example.org' to='{client.jid}'>"
                "<event xmlns='http://jabber.org/protocol/pubsub#event'>"
                f"<items node='{TUNE}'><item id='a'><entry xmlns='urn:example'>x</entry></item>"
                "</items></event></message>"
            )
            assert element.get("id")
        await deaf.expect_nothing()


async def test_the_last_item_is_sent_to_who_comes_later() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, TUNE, item("a"))
        await publish(juliet, TUNE, item("b"))
        chamber = await arrive(house, "juliet/chamber", TUNE)
        assert item_ids(chamber) == ["b"]
        await juliet.close()
        await chamber.close()
        romeo = await arrive(house, "romeo/orchard", TUNE)
        (message,) = [each for each in romeo.take_all() if each.tag.endswith("message")]
        assert message.get("from") == bare("juliet")
        assert message.get("to") == romeo.jid
        assert message.find("{urn:xmpp:delay}delay") is not None
        # Known by now, so that nobody is asked: the items come with the presence.
        other = await arrive(house, "romeo/street", TUNE)
        assert item_ids(other) == ["b"]
        # "sending it only once … not on subsequent presence updates" (XEP-0060 §12.2)
        await other.send(presence(TUNE))
        assert item_ids(other) == []


async def test_items_are_for_those_who_see_the_presence() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        romeo = await arrive(house, "romeo/orchard")
        tybalt = await arrive(house, "tybalt/street")
        await publish(juliet, TUNE, item("a"))
        request = f"<items node='{TUNE}'/>"
        assert (await ask(romeo, "get", request, bare("juliet")))[0][0][0].get("id") == "a"
        answer = await ask(tybalt, "get", request, bare("juliet"))
        assert condition(answer) == "not-authorized presence-subscription-required"


async def test_a_stranger_learns_nothing_of_who_has_what() -> None:
    async with House(EVERYTHING) as house:
        await house.add_user("juliet")
        tybalt = await arrive(house, "tybalt/street")
        for request in ("items", "subscribe"):
            answers = set()
            for name in ("juliet", "nobody"):
                type_ = "get" if request == "items" else "set"
                jid = f" jid='{tybalt.jid.bare}'" if type_ == "set" else ""
                text = f"<{request} node='{TUNE}'{jid}/>"
                answers.add(condition(await ask(tybalt, type_, text, bare(name))))
            assert len(answers) == 1, answers


@pytest.mark.parametrize("to", ["", "juliet@example.org"])
async def test_keys_are_open_and_survive_a_restart(to: str) -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, DEVICES, item("current"), to, options(access_model="presence"))
        await house.restart()
        tybalt = await arrive(house, "tybalt/street")
        answer = await ask(tybalt, "get", f"<items node='{DEVICES}'/>", bare("juliet"))
        assert answer[0][0][0].get("id") == "current"


async def test_a_client_that_asked_for_more_later_gets_it() -> None:
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony", TUNE)
        await publish(juliet, TUNE, item("a"))
        await publish(juliet, DEVICES, item("current"))
        events(juliet)
        await juliet.send(presence(TUNE, DEVICES))
        await tell(house, juliet, TUNE, DEVICES)
        assert item_ids(juliet) == ["current"]


async def test_who_gains_access_is_told_what_is_there() -> None:
    """XEP-0060 §12.2, 5: and nobody else is told again."""
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony", TUNE)
        await publish(juliet, TUNE, item("a"), "", options(access_model="whitelist"))
        romeo = await arrive(house, "romeo/orchard", TUNE)
        deaf = await arrive(house, "romeo/street")
        assert item_ids(romeo) == []
        for client in (juliet, deaf):
            client.take_all()
        config = (
            f"<configure node='{TUNE}'>{form('node_config', access_model='presence')}</configure>"
        )
        assert condition(await ask(juliet, "set", config, owner=True)) == ""
        assert item_ids(romeo) == ["a"]
        assert item_ids(juliet) == item_ids(deaf) == []
        config = config.replace("presence", "whitelist")
        assert condition(await ask(juliet, "set", config, owner=True)) == ""
        assert item_ids(romeo) == []


async def test_a_device_that_subscribed_by_its_own_name_is_told_once() -> None:
    """§4.3.2, 1: interested or not, and whether presence is shared or not."""
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        await publish(juliet, TUNE, item("a"))
        deaf = await arrive(house, "romeo/street")
        keen = await arrive(house, "romeo/orchard", TUNE)
        own = await arrive(house, "juliet/chamber")
        for client in (deaf, keen, own):
            text = f"<subscribe node='{TUNE}' jid='{client.jid}'/>"
            assert condition(await ask(client, "set", text, bare("juliet"))) == ""
            client.take_all()
        await publish(juliet, TUNE, item("b"))
        assert [item_ids(client) for client in (deaf, keen, own)] == [["b"]] * 3


async def test_deletion_is_told_once() -> None:
    async with House(EVERYTHING) as house:
        await befriend(house, "juliet", "romeo")
        juliet = await arrive(house, "juliet/balcony")
        romeo = await arrive(house, "romeo/orchard", TUNE)
        await publish(juliet, TUNE, item("a"))
        text = f"<subscribe node='{TUNE}' jid='romeo@example.org'/>"
        assert condition(await ask(romeo, "set", text, bare("juliet"))) == ""
        romeo.take_all()
        await ask(juliet, "set", f"<delete node='{TUNE}'/>", owner=True)
        assert len(events(romeo)) == 1


@pytest.mark.parametrize(
    ("node", "model", "most"),
    [
        ("eu.siacs.conversations.axolotl.devicelist", "open", "1"),
        ("eu.siacs.conversations.axolotl.bundles:31415", "open", "1"),
        ("urn:xmpp:omemo:1:devices", "open", "1"),
        ("urn:xmpp:omemo:1:bundles", "open", "max"),
        ("urn:xmpp:omemo:2:devices", "open", "1"),
        ("urn:xmpp:omemo:2:bundles", "open", "max"),
        ("urn:xmpp:openpgp:0:public-keys", "open", "1"),
        ("urn:xmpp:openpgp:0:public-keys:1357B01865B2503C18453D208CAC2A9678548E35", "open", "1"),
        ("urn:xmpp:openpgp:0:secret-key", "whitelist", "1"),
        ("urn:xmpp:bookmarks:1", "whitelist", "max"),
        ("storage:bookmarks", "whitelist", "1"),
        ("urn:xmpp:mds:displayed:0", "whitelist", "max"),
        ("urn:xmpp:contacts", "whitelist", "max"),
        ("urn:xmpp:contacts-groups", "whitelist", "max"),
        ("urn:xmpp:avatar:metadata", "presence", "1"),
    ],
)
async def test_nodes_that_are_known(node: str, model: str, most: str) -> None:
    """What their specifications demand holds even when a client forgets to say so."""
    async with House(EVERYTHING) as house:
        juliet = await arrive(house, "juliet/balcony")
        assert condition(await publish(juliet, node, item("a"))) == ""
        answer = await ask(juliet, "get", f"<configure node='{node}'/>", owner=True)
        values = {
            field.get("var"): field.findtext("{jabber:x:data}value")
            for field in answer.iter("{jabber:x:data}field")
        }
        assert (values["pubsub#access_model"], values["pubsub#max_items"]) == (model, most)
        assert values["pubsub#persist_items"] == "1"

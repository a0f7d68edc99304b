"""XEP-0313: archives are read in pages, by their owners."""

from pathlib import Path

import pytest

from server.element import Element
from server.storage.errors import StorageUnavailable
from tests.extensions.stage import DOMAIN, Client, Stage, condition, open_stage
from tests.harness.loop import settle

MAM = "{urn:xmpp:mam:2}"
RSM = "{http://jabber.org/protocol/rsm}"
CLIENT = "{jabber:client}"
FORWARDED = "{urn:xmpp:forward:0}forwarded"
DELAY = "{urn:xmpp:delay}delay"


def query(fields: str = "", page: str = "", more: str = "", attributes: str = "") -> str:
    form = ""
    if fields:
        form = (
            "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'>"
            f"<value>urn:xmpp:mam:2</value></field>{fields}</x>"
        )
    rsm = f"<set xmlns='http://jabber.org/protocol/rsm'>{page}</set>" if page else ""
    return f"<query xmlns='urn:xmpp:mam:2'{attributes}>{form}{rsm}{more}</query>"


def field(var: str, *values: str) -> str:
    return f"<field var='{var}'>" + "".join(f"<value>{v}</value>" for v in values) + "</field>"


class Results:
    """One answered query."""

    def __init__(self, messages: list[Element], answer: Element) -> None:
        self.messages = messages
        self.results = [message[0] for message in messages]
        self.ids = [result.get("id", "") for result in self.results]
        self.stanzas = [result.find(f"{FORWARDED}/{CLIENT}message") for result in self.results]
        self.bodies = [
            None if stanza is None else stanza.findtext(f"{CLIENT}body") for stanza in self.stanzas
        ]
        self.answer = answer
        self.fin = answer.find(f"{MAM}fin")

    def text(self, name: str) -> str | None:
        assert self.fin is not None
        return self.fin.findtext(f"{RSM}set/{RSM}{name}")

    @property
    def is_complete(self) -> bool:
        assert self.fin is not None
        return self.fin.get("complete") == "true"


async def ask(client: Client, payload: str, to: str | None = None) -> Results:
    client.heard()
    answer = await client.ask("set", payload, to)
    return Results(client.heard(), answer)


async def converse(stage: Stage, count: int = 5) -> tuple[Client, Client]:
    """Romeo says m0, m1 … to Juliet, a second apart."""
    romeo = await stage.login("romeo", "orchard")
    juliet = await stage.login("juliet", "balcony")
    for number in range(count):
        await romeo.send(
            f"<message type='chat' to='{juliet.jid}' id='i{number}'>"
            f"<body>m{number}</body></message>"
        )
        stage.clock.advance(1)
    return romeo, juliet


async def test_a_conversation_is_in_both_archives(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        for client in await converse(stage, 3):
            found = await ask(client, query())
            assert found.bodies == ["m0", "m1", "m2"]
            assert found.is_complete
            assert (found.text("first"), found.text("last")) == (found.ids[0], found.ids[-1])
            assert found.text("count") == "3"


async def test_the_shape_of_a_result(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, juliet = await converse(stage, 1)
        found = await ask(juliet, query(attributes=' queryid="it%s&apos;s"'), juliet.jid.bare)
        (message,), (result,), (stanza,) = found.messages, found.results, found.stanzas
        assert message.get("from") == juliet.jid.bare
        assert message.get("to") == juliet.jid
        assert result.get("queryid") == "it%s's"
        delay = result.find(f"{FORWARDED}/{DELAY}")
        assert delay is not None
        assert delay.get("stamp") == "2023-11-14T22:13:20.000Z"
        assert stanza is not None
        assert dict(stanza.items()) == {
            "type": "chat", "id": "i0", "to": juliet.jid, "from": romeo.jid,
        }  # fmt: skip


async def test_an_empty_archive_is_complete(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        found = await ask(romeo, query())
        assert found.messages == []
        assert found.is_complete
        assert found.text("first") is None
        assert found.text("count") == "0"


async def test_paging_forwards_meets_every_message_once(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage)
        seen: list[str | None] = []
        page = "<max>2</max>"
        while True:
            found = await ask(romeo, query(page=page))
            seen += found.bodies
            if found.is_complete:
                break
            page = f"<max>2</max><after>{found.text('last')}</after>"
        assert seen == ["m0", "m1", "m2", "m3", "m4"]


async def test_paging_backwards_from_the_end(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage)
        found = await ask(romeo, query(page="<max>2</max><before/>"))
        assert found.bodies == ["m3", "m4"]
        assert not found.is_complete
        found = await ask(romeo, query(page=f"<max>5</max><before>{found.ids[0]}</before>"))
        assert found.bodies == ["m0", "m1", "m2"]
        assert found.is_complete


async def test_a_flipped_page_holds_the_same_in_reverse(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage)
        found = await ask(romeo, query(page="<max>2</max><before/>", more="<flip-page/>"))
        assert found.bodies == ["m4", "m3"]
        assert (found.text("last"), found.text("first")) == (found.ids[0], found.ids[1])


async def test_counting_only(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage)
        found = await ask(romeo, query(page="<max>0</max>"))
        assert found.messages == []
        assert found.text("count") == "5"
        assert not found.is_complete


async def test_filters(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, juliet = await converse(stage)
        ids = (await ask(romeo, query())).ids
        await romeo.send(f"<message to='mercutio@{DOMAIN}' type='chat'><body>x</body></message>")
        for fields, wanted in (
            (field("with", str(juliet.jid.bare)), ["m0", "m1", "m2", "m3", "m4"]),
            (field("with", str(juliet.jid)), ["m0", "m1", "m2", "m3", "m4"]),
            (field("with", f"{juliet.jid.bare}/garden"), []),
            (field("with", f"mercutio@{DOMAIN}"), ["x"]),
            (field("with", str(romeo.jid.bare)), []),
            (field("start", "2023-11-14T22:13:23Z"), ["m3", "m4", "x"]),
            (field("end", "2023-11-14T22:13:21Z"), ["m0", "m1"]),
            (field("start", "2023-11-14T23:13:21+01:00") + field("end", "2023-11-14T22:13:22.999Z"),
             ["m1", "m2"]),
            (field("after-id", ids[3]), ["m4", "x"]),
            (field("before-id", ids[1]), ["m0"]),
            (field("after-id", ids[0]) + field("before-id", ids[3]), ["m1", "m2"]),
            (field("ids", ids[4], ids[1]), ["m1", "m4"]),
            (field("include-groupchat", "true") + field("after-id", ids[4]), ["x"]),
        ):  # fmt: skip
            found = await ask(romeo, query(fields))
            assert found.bodies == wanted, fields
            assert found.is_complete


async def test_fields_and_pages_together(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage)
        ids = (await ask(romeo, query())).ids
        fields = field("after-id", ids[0])
        found = await ask(romeo, query(fields, f"<max>2</max><before>{ids[4]}</before>"))
        assert found.bodies == ["m2", "m3"]
        found = await ask(romeo, query(fields, f"<max>2</max><after>{ids[2]}</after>"))
        assert found.bodies == ["m3", "m4"]


@pytest.mark.parametrize("unknown", ["0000000000000000", "no-such-id", "00000000000000zz"])
async def test_identifiers_must_be_in_the_archive(tmp_path: Path, unknown: str) -> None:
    """By rule "the server MUST return an item-not-found error" (§4.1.3, §4.3.2)."""
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage, 1)
        for payload in (
            query(field("after-id", unknown)),
            query(field("before-id", unknown)),
            query(field("ids", unknown)),
            query(page=f"<after>{unknown}</after>"),
            query(page=f"<before>{unknown}</before>"),
        ):
            found = await ask(romeo, payload)
            assert condition(found.answer) == "item-not-found"
            assert found.messages == []


async def test_identifiers_of_others_are_unknown(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage, 1)
        paris = await stage.login("paris", "tomb")
        theirs = (await ask(romeo, query())).ids[0]
        found = await ask(paris, query(field("ids", theirs)))
        assert condition(found.answer) == "item-not-found"


@pytest.mark.parametrize(
    ("payload", "refusal"),
    [
        (query(field("{urn:x}search", "love")), "feature-not-implemented"),
        (query(field("start", "yesterday")), "bad-request"),
        (query(field("end", "2023-11-14")), "bad-request"),
        (query(field("with", "@")), "jid-malformed"),
        (query(field("include-groupchat", "perhaps")), "bad-request"),
        (query(page="<max>many</max>"), "bad-request"),
        (query(page="<index>5</index>"), "feature-not-implemented"),
        (query(field("ids", *["a"] * 501)), "policy-violation"),
        (query(attributes=f" queryid='{'q' * 2000}'"), "bad-request"),
        (query(attributes=" node='princely_musings'"), "item-not-found"),
        (query(more="<x xmlns='jabber:x:data' type='form'/>"), "bad-request"),
        (query(more="<x xmlns='jabber:x:data' type='submit'/>"), "bad-request"),
    ],
)
async def test_malformed_queries(tmp_path: Path, payload: str, refusal: str) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        found = await ask(romeo, payload)
        assert condition(found.answer) == refusal


async def test_others_are_refused(tmp_path: Path) -> None:
    """By rule "the error condition SHOULD be 'forbidden'" (§8.1)."""
    async with open_stage(tmp_path) as stage:
        romeo, juliet = await converse(stage, 1)
        for type_, payload in (
            ("set", query()), ("get", query()), ("get", "<metadata xmlns='urn:xmpp:mam:2'/>"),
            ("get", "<prefs xmlns='urn:xmpp:mam:2'/>"),
            ("set", "<prefs xmlns='urn:xmpp:mam:2' default='never'/>"),
        ):  # fmt: skip
            answer = await romeo.ask(type_, payload, juliet.jid.bare)
            assert condition(answer) == "forbidden"
        assert romeo.heard() == []


async def test_a_page_has_a_limit(tmp_path: Path) -> None:
    async with open_stage(tmp_path, archive={"max_page": 10}) as stage:
        romeo, _ = await converse(stage, 12)
        found = await ask(romeo, query(page="<max>5000</max>"))
        assert len(found.bodies) == 10
        assert not found.is_complete


async def test_the_form_names_every_field(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        answer = await romeo.ask("get", query())
        form = answer[0][0]
        types = {each.get("var"): each.get("type") for each in form}
        assert types == {
            "FORM_TYPE": "hidden", "with": "jid-single", "start": "text-single",
            "end": "text-single", "before-id": "text-single", "after-id": "text-single",
            "ids": "list-multi", "include-groupchat": "boolean",
        }  # fmt: skip
        validate = "{http://jabber.org/protocol/xdata-validate}"
        assert form.find(f".//{validate}validate/{validate}open") is not None


async def test_metadata(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        request = "<metadata xmlns='urn:xmpp:mam:2'/>"
        assert len((await romeo.ask("get", request))[0]) == 0
        romeo, juliet = (await converse(stage, 3))[0], await stage.login("juliet", "garden")
        ids = (await ask(juliet, query())).ids
        (metadata,) = await juliet.ask("get", request)
        start, end = metadata
        assert start.tag == f"{MAM}start"
        assert dict(start.items()) == {"id": ids[0], "timestamp": "2023-11-14T22:13:20.000Z"}
        assert dict(end.items()) == {"id": ids[-1], "timestamp": "2023-11-14T22:13:22.000Z"}


async def test_messages_to_oneself_are_there_once(tmp_path: Path) -> None:
    """By rule "only … where both the 'to' and 'from' match the bare JID" (§4.1.1)."""
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage, 1)
        own = romeo.jid.bare
        await romeo.send(f"<message type='chat' to='{own}'><body>note</body></message>")
        assert (await ask(romeo, query())).bodies == ["m0", "note"]
        assert (await ask(romeo, query(field("with", str(own))))).bodies == ["note"]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7])
async def test_pages_partition_an_archive(tmp_path: Path, size: int) -> None:
    """Whichever way one pages, every message is met once and in order."""
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage, 6)
        everything = (await ask(romeo, query())).ids
        for place, end in (("after", "last"), ("before", "first")):
            seen: list[str] = []
            page = f"<max>{size}</max>" + ("<before/>" if place == "before" else "")
            while True:
                found = await ask(romeo, query(page=page))
                seen = seen + found.ids if place == "after" else found.ids + seen
                if found.is_complete:
                    break
                page = f"<max>{size}</max><{place}>{found.text(end)}</{place}>"
            assert seen == everything


async def test_a_client_that_does_not_read_waits(tmp_path: Path) -> None:
    """Its next request waits as well, so that pages cannot pile up in the server."""
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage, 1)
        romeo.heard()
        romeo.stream.is_congested = True
        asking = stage.server.tasks.spawn(romeo.ask("set", query()), "asking")
        await settle()
        stage.clock.advance(1)
        await settle()
        assert romeo.stream.written == []
        romeo.stream.is_congested = False
        stage.clock.advance(1)
        await asking
        assert len(romeo.heard()) == 1


async def test_an_archive_can_be_read_while_the_disk_is_full(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo, _ = await converse(stage, 1)

        async def full() -> None:
            raise StorageUnavailable("no space left on device")

        await stage.server.journal.sync()
        stage.server.journal.sync = full  # type: ignore[method-assign]
        assert (await ask(romeo, query())).bodies == ["m0"]

"""XEP-0060 §6.5, XEP-0059: items for those who ask, whole or in pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.pubsub import retrieving, store
from tests.extensions.pubsub.people import (
    EVERYTHING,
    SERVICE,
    arrive,
    ask,
    bare,
    condition,
    form,
    item,
    options,
    publish,
)
from tests.harness.house import Client, House

if TYPE_CHECKING:
    from server.element import Element

RSM = "{http://jabber.org/protocol/rsm}"
NODE = "urn:example:letters"
ALL = options(max_items="max")


async def with_items(house: House, names: str) -> Client:
    anna = await arrive(house, "anna/desk")
    for name in names:
        await publish(anna, NODE, item(name, name), "", ALL)
    return anna


def names(answer: Element) -> str:
    return "".join(each.get("id", "") for each in answer[0][0])


def notation(answer: Element) -> dict[str, str]:
    found = answer[0].find(f"{RSM}set")
    if found is None:
        return {}
    told = {child.tag.removeprefix(RSM): child.text or "" for child in found}
    first = found.find(f"{RSM}first")
    return told if first is None else {**told, "index": first.get("index", "")}


@pytest.mark.parametrize(
    ("attributes", "content", "expected"),
    [
        ("", "", "abcde"),
        (" max_items='2'", "", "de"),
        (" max_items='1'", "", "e"),
        (" max_items='99'", "", "abcde"),
        (" max_items='0'", "", ""),
        ("", "<item id='b'/><item id='d'/><item id='x'/><item id='b'/>", "bd"),
        ("", "<item id='x'/>", ""),
    ],
)
async def test_items(attributes: str, content: str, expected: str) -> None:
    """§6.5.2, §6.5.6 to §6.5.8: the oldest first, "the N most recent"."""
    async with House(EVERYTHING) as house:
        anna = await with_items(house, "abcde")
        answer = await ask(anna, "get", f"<items node='{NODE}'{attributes}>{content}</items>")
        assert names(answer) == expected
        assert answer[0][0].get("node") == NODE
        assert notation(answer) == {}


@pytest.mark.parametrize(
    ("wish", "expected", "told"),
    [
        ("<max>2</max>", "ab", {"first": "a", "last": "b", "count": "5", "index": "0"}),
        ("<max>2</max><after>b</after>", "cd", {"first": "c", "last": "d", "index": "2"}),
        ("<max>2</max><after>e</after>", "", {"count": "5"}),
        ("<max>2</max><before/>", "de", {"first": "d", "last": "e", "index": "3"}),
        ("<max>2</max><before>d</before>", "bc", {"first": "b", "last": "c", "index": "1"}),
        ("<max>2</max><index>3</index>", "de", {"index": "3"}),
        ("<max>2</max><index>9</index>", "", {"count": "5"}),
        ("<max>0</max>", "", {"count": "5"}),
        ("", "abcde", {"first": "a", "last": "e"}),
    ],
)
async def test_pages(wish: str, expected: str, told: dict[str, str]) -> None:
    async with House(EVERYTHING) as house:
        anna = await with_items(house, "abcde")
        text = f"<items node='{NODE}'/><set xmlns='http://jabber.org/protocol/rsm'>{wish}</set>"
        answer = await ask(anna, "get", text)
        assert names(answer) == expected
        assert told.items() <= notation(answer).items()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<items node='urn:none'/>", "item-not-found"),
        ("<items/>", "bad-request nodeid-required"),
        (f"<items node='{NODE}' max_items='x'/>", "bad-request"),
        (f"<items node='{NODE}'><item/></items>", "bad-request item-required"),
        (
            f"<items node='{NODE}'/><set xmlns='http://jabber.org/protocol/rsm'>"
            "<after>no</after></set>",
            "item-not-found",
        ),
    ],
)
async def test_requests_that_fail(text: str, expected: str) -> None:
    async with House(EVERYTHING) as house:
        anna = await with_items(house, "a")
        assert condition(await ask(anna, "get", text)) == expected


async def test_profanity_understands_that_a_node_is_missing() -> None:
    """It reads the code of XEP-0086 and nothing else."""
    async with House(EVERYTHING) as house:
        anna = await with_items(house, "a")
        answer = await ask(anna, "get", "<items node='urn:none'/>")
        assert [error.get("code") for error in answer.iterfind("{*}error")] == ["404"]


async def test_a_long_answer_is_cut_and_says_so() -> None:
    """§6.5.4: the newest items that fit."""
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        for name in "abcdefgh":
            answer = await publish(anna, NODE, item(name, "x" * 200_000), "", ALL)
            assert condition(answer) == ""
        answer = await ask(anna, "get", f"<items node='{NODE}'/>")
        assert names(answer) == "defgh"
        told = {"first": "d", "last": "h", "count": "8", "index": "3"}
        assert notation(answer) == told
        text = "<set xmlns='http://jabber.org/protocol/rsm'><before>d</before></set>"
        answer = await ask(anna, "get", f"<items node='{NODE}'/>{text}")
        assert names(answer) == "abc"
        chosen = "".join(f"<item id='{name}'/>" for name in "abcdefgh")
        answer = await ask(anna, "get", f"<items node='{NODE}'>{chosen}</items>")
        assert names(answer) == "abcde"


async def test_items_expire() -> None:
    async with House(EVERYTHING) as house:
        anna = await arrive(house, "anna/desk")
        create = f"<create node='{NODE}'/><configure>"
        await ask(anna, "set", f"{create}{form('node_config', item_expire='60', max_items='9')}"
                  "</configure>", SERVICE)  # fmt: skip
        await publish(anna, NODE, item("a"), SERVICE)
        house.clock.advance(50)
        await publish(anna, NODE, item("b"), SERVICE)
        request = f"<items node='{NODE}'/>"
        assert names(await ask(anna, "get", request, SERVICE)) == "ab"
        house.clock.advance(20)
        assert names(await ask(anna, "get", request, SERVICE)) == "b"
        one = f"<items node='{NODE}'><item id='a'/></items>"
        assert names(await ask(anna, "get", one, SERVICE)) == ""
        assert (
            names(await ask(anna, "get", f"<items node='{NODE}' max_items='1'/>", SERVICE)) == "b"
        )


@given(st.lists(st.integers(0, retrieving.MOST_BYTES * 2), max_size=20))
def test_an_answer_holds_at_least_one_item_and_not_too_much(lengths: list[int]) -> None:
    count = retrieving.fitting([(number, length) for number, length in enumerate(lengths)])
    assert (count >= 1) is bool(lengths)
    if count > 1:
        assert sum(lengths[:count]) <= retrieving.MOST_BYTES
    if 0 < count < len(lengths):
        overhead = 80 * (count + 1)
        assert sum(lengths[: count + 1]) + overhead > retrieving.MOST_BYTES


async def test_what_is_published_anew_meanwhile_is_not_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two reads make one answer; an item that moves between them was there all the time."""
    async with House(EVERYTHING) as house:
        anna = await with_items(house, "abc")
        pubsub = house.server.hosts["example.org"].service("pubsub")
        read = store.sizes

        async def slowly(*args: Any, **kwargs: Any) -> list[tuple[int, int]]:
            found = await read(*args, **kwargs)
            await pubsub.publish(bare("anna"), NODE, "c", b"<x xmlns='u'/>")
            return found

        monkeypatch.setattr(store, "sizes", slowly)
        assert names(await ask(anna, "get", f"<items node='{NODE}'/>")) == "abc"

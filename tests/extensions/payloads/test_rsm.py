"""XEP-0059: which page is asked for, and which one was given."""

import pytest
from lxml import etree

from extensions.payloads import rsm
from server.errors import StanzaError


def query(content: str) -> etree._Element:
    return etree.fromstring(
        f"<query xmlns='urn:example'><set xmlns='http://jabber.org/protocol/rsm'>{content}</set></query>"
    )


@pytest.mark.parametrize(
    ("content", "page"),
    [
        ("", rsm.Page()),
        ("<max>10</max>", rsm.Page(max=10)),
        ("<max>0</max>", rsm.Page(max=0)),
        ("<max>10</max><after>a</after>", rsm.Page(max=10, after="a")),
        ("<before/>", rsm.Page(before="")),
        ("<before>b</before>", rsm.Page(before="b")),
        ("<index>371</index><max>10</max>", rsm.Page(max=10, index=371)),
    ],
)
def test_parse(content: str, page: rsm.Page) -> None:
    assert rsm.parse(query(content)) == page


def test_no_set_means_the_first_page() -> None:
    assert rsm.parse(etree.fromstring("<query xmlns='urn:example'/>")) == rsm.Page()


@pytest.mark.parametrize(
    "content",
    ["<max/>", "<max>-1</max>", "<max>1.5</max>", "<max>ten</max>", "<max>9999999999</max>",
     "<index>x</index>", "<max>１</max>", "<after>" + "a" * 2000 + "</after>"],
)  # fmt: skip
def test_nonsense_is_refused(content: str) -> None:
    with pytest.raises(StanzaError):
        rsm.parse(query(content))


def test_only_the_last_page_is_read_backwards() -> None:
    assert rsm.Page(before="").is_backwards
    assert not rsm.Page(after="a").is_backwards


def test_build() -> None:
    assert rsm.build("a", "b", 0, 2) == (
        b"<set xmlns='http://jabber.org/protocol/rsm'>"
        b"<first index='0'>a</first><last>b</last><count>2</count></set>"
    )
    assert rsm.build("<", "<") == (
        b"<set xmlns='http://jabber.org/protocol/rsm'><first>&lt;</first><last>&lt;</last></set>"
    )


def test_an_empty_page_has_no_ends() -> None:
    assert rsm.build(count=0) == (
        b"<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>"
    )

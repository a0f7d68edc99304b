"""XEP-0313 §4.2: the bytes of a page."""

import pytest

from extensions.archive import results
from server.jid import JID

BIG = b"x" * (results.PAGE_BYTES // 3)


@pytest.mark.parametrize(("from_end", "kept"), [(False, [1, 2, 3]), (True, [3, 4, 5])])
def test_a_page_weighs_no_more_than_a_client_can_take(from_end: bool, kept: list[int]) -> None:
    entries = [(number, BIG) for number in range(1, 6)]
    page, is_cut = results.fit(entries, from_end)
    assert [mid for mid, _ in page] == kept
    assert is_cut


def test_a_page_holds_at_least_one_message() -> None:
    entries = [(1, BIG * 4), (2, BIG)]
    assert results.fit(entries, from_end=False) == ([entries[0]], True)
    assert results.fit([], from_end=True) == ([], False)
    assert results.fit(entries[:1], from_end=True) == (entries[:1], False)


def test_a_result_is_the_stored_stanza_in_its_namespace() -> None:
    build = results.builder(JID.of("a@b.example"), JID.of("a@b.example/100%s"), "50%")
    assert build(1 << 20, b"<message to='c@d.example'><body>%s</body></message>") == (
        b"<message to='a@b.example/100%s' from='a@b.example'><result xmlns='urn:xmpp:mam:2'"
        b" queryid='50%' id='0000000000100000'><forwarded xmlns='urn:xmpp:forward:0'>"
        b"<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00.001Z'/>"
        b"<message xmlns='jabber:client' to='c@d.example'><body>%s</body></message>"
        b"</forwarded></result></message>"
    )

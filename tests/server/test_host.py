"""What strangers must not learn: who has an account here (RFC 6121 §8.5.1)."""

from __future__ import annotations

import pytest
from lxml import etree

from server.presence.service import PresenceService
from server.roster.service import RosterService
from tests.harness.house import House

BODY = "<body>hi</body>"


@pytest.mark.parametrize(
    "stanza",
    [
        f"<message type='groupchat' to='%s'>{BODY}</message>",
        f"<message to='%s/nowhere'>{BODY}</message>",
        "<iq type='get' id='1' to='%s'><query xmlns='urn:unknown'/></iq>",
        "<iq type='get' id='1' to='%s/nowhere'><query xmlns='urn:unknown'/></iq>",
        "<presence type='probe' to='%s'/>",
        "<presence to='%s'/>",
    ],
)
async def test_no_answer_tells_accounts_from_names(stanza: str) -> None:
    async with House((RosterService, PresenceService)) as house:
        await house.add_user("ben")
        mallory = await house.online("mallory/a")
        answers = []
        for name in ("ben@example.org", "nobody@example.org"):
            await mallory.send(stanza % name)
            await house.settle()
            heard = b"".join(etree.tostring(each) for each in mallory.take_all())
            answers.append(heard.replace(name.encode(), b"somebody"))
        assert answers[0] == answers[1]

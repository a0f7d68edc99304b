"""Whatever a client says by SASL2, the server answers or hangs up; it never trips."""

from __future__ import annotations

import asyncio
from base64 import b64encode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.harness.house import PASSWORD, House
from tests.harness.sasl2 import BIND, NONE, PHONE, SASL2, request, wish
from tests.harness.talk import connect

DATA = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            f"\0anna\0{PASSWORD}".encode(),
            b"n,,n=anna,r=abc",
            b"anna\0" + bytes(32),
            b"n,,\x01auth=Bearer x\x01\x01",
        ]
    ),
)
MECHANISM = st.sampled_from(
    ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", NONE, "OAUTHBEARER", "", "X"]
)
EXTRA = st.sampled_from(
    [
        BIND,
        wish(),
        "<fast xmlns='urn:xmpp:fast:0'/>",
        "<fast xmlns='urn:xmpp:fast:0' count='1' invalidate='true'/>",
        "<resume xmlns='urn:xmpp:sm:3' previd='x' h='0'/>",
        "<resume xmlns='urn:xmpp:sm:3'/>",
        "<bind xmlns='urn:xmpp:bind:0'><tag>\u202e</tag><enable xmlns='urn:xmpp:sm:3'/>"
        "<enable xmlns='urn:xmpp:sm:3'/><x/></bind>",
        "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>",
        "<config-version xmlns='urn:xmpp:iap:0'/>",
        "<user-agent xmlns='urn:xmpp:sasl:2' id='é'/>",
        "<initial-response xmlns='urn:xmpp:sasl:2'>!</initial-response>",
    ]
)
BEGIN = st.builds(
    lambda mechanism, data, extras, agent: request(mechanism, data, *extras, agent=agent),
    MECHANISM, st.none() | DATA, st.lists(EXTRA, max_size=4), st.sampled_from([PHONE, None, ""]),
)  # fmt: skip
GO_ON = st.one_of(
    DATA.map(lambda d: f"<response xmlns='{SASL2}'>{b64encode(d).decode()}</response>"),
    st.sampled_from(
        [f"<{name} xmlns='{SASL2}'/>" for name in ("abort", "next", "task-data", "response", "x")]
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(BEGIN, GO_ON), min_size=1, max_size=5))
def test_any_conversation(words: list[str]) -> None:
    asyncio.run(_converse(words))


async def _converse(words: list[str]) -> None:
    async with House() as house:
        await house.add_user("anna")
        client = await connect(house)
        for word in words:
            if client.is_closed:
                break
            await client.send(word)
        assert b"internal-server-error" not in client.said
        successes = [each for each in client.inbox if each.tag == f"{{{SASL2}}}success"]
        assert len(successes) <= 1

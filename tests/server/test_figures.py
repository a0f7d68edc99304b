"""What the core counts."""

from __future__ import annotations

import re
from pathlib import Path

from tests.harness.house import House


def shown(house: House) -> dict[str, float]:
    lines = house.server.meters.render().decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name.removeprefix("skerry_"): float(value) for name, _, value in pairs}


async def test_people_and_what_they_say() -> None:
    async with House(config={"limits": {"idle_timeout": "forever"}}) as house:
        anna = await house.online("anna/balcony")
        ben = await house.online("ben/garden")
        await ben.send("<message type='chat' to='anna@example.org'><body>hi</body></message>")
        await ben.send("<message type='headline' to='anna@example.org'><body>!</body></message>")
        house.connect()
        anna.vanish()
        await house.settle()
        seen = shown(house)
        assert seen['stanzas_received_total{kind="message"}'] == 2
        assert seen['stanzas_received_total{kind="presence"}'] == 2
        assert seen["messages_stored_total"] == 1
        assert seen['logins_total{result="ok"}'] == 2
        assert seen["connections"] == 2
        assert seen["sessions"] == seen["accounts_online"] == 1
        assert seen["sessions_hibernating"] == seen["journal_rows"] == 0
        assert seen["commit_seconds_count"] > 0


async def test_what_goes_wrong() -> None:
    async with House() as house:
        anna = await house.login("anna/balcony")
        await anna.send("<what/>")
        stranger = house.connect()
        await stranger.open()
        await stranger.send(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGEAYg==</auth>"
        )
        seen = shown(house)
        assert seen['stream_errors_total{condition="unsupported-stanza-type"}'] == 1
        assert seen['logins_total{result="failed"}'] == 1
        assert seen["commits_failed_total"] == 0
        house.server.figures.committed(0.1, is_stored=False)
        assert shown(house)["commits_failed_total"] == 1


async def test_a_late_loop_is_seen() -> None:
    async with House() as house:
        await house.settle()
        house.clock.advance(1.2)
        await house.settle()
        seen = shown(house)
        assert seen['loop_lag_seconds_bucket{le="0.1"}'] == 0
        assert seen['loop_lag_seconds_bucket{le="0.25"}'] == 1


async def test_every_figure_is_explained() -> None:
    text = (Path(__file__).parents[2] / "server/README.md").read_text("utf-8")
    async with House() as house:
        names = {name.partition("{")[0] for name in shown(house)}
    for name in names:
        if not name.startswith("process_"):
            stem = re.sub("_(total|created|bucket|count|sum)$", "", name)
            assert re.search(rf"`{stem}(`|{{)", text), stem

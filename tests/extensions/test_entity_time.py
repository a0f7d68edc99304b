"""XEP-0202."""

from pathlib import Path

from tests.extensions.stage import DOMAIN, open_stage


async def test_the_clock_is_read_in_utc(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        stage.clock.advance(1.5)
        (time,) = await romeo.ask("get", "<time xmlns='urn:xmpp:time'/>", DOMAIN)
        assert time.findtext("{urn:xmpp:time}tzo") == "+00:00"
        assert time.findtext("{urn:xmpp:time}utc") == "2023-11-14T22:13:21.500Z"

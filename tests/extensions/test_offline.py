"""XEP-0160 §4: the feature."""

from pathlib import Path

from server.extension import At
from tests.extensions.stage import open_stage


async def test_the_host_announces_that_it_stores_messages(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        assert "msgoffline" in stage.host.features(At.HOST)

"""XEP-0092: name and version, and the system only if it may be told."""

from pathlib import Path

import pytest

from server import __version__
from tests.extensions.stage import DOMAIN, open_stage

NS = "{jabber:iq:version}"


@pytest.mark.parametrize("hidden", [True, False])
async def test_the_system_is_told_only_on_demand(tmp_path: Path, hidden: bool) -> None:
    async with open_stage(tmp_path, version={"hide_os": hidden}) as stage:
        romeo = await stage.login("romeo", "orchard")
        (query,) = await romeo.ask("get", "<query xmlns='jabber:iq:version'/>", DOMAIN)
        assert query.findtext(f"{NS}name") == "Skerry"
        assert query.findtext(f"{NS}version") == __version__
        assert (query.find(f"{NS}os") is None) is hidden

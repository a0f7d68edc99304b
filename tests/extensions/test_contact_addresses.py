"""XEP-0157: the form in the disco#info of the host."""

from pathlib import Path

from extensions.payloads import info
from tests.extensions.stage import DOMAIN, open_stage

QUERY = f"<query xmlns='{info.NS}'/>"


async def test_addresses_are_told_by_their_purpose(tmp_path: Path) -> None:
    contact = {"abuse": ["mailto:abuse@montague.example"], "admin": ["xmpp:friar@x.example"]}
    async with open_stage(tmp_path, contact=contact) as stage:
        romeo = await stage.login("romeo", "orchard")
        (query,) = await romeo.ask("get", QUERY, DOMAIN)
        (form,) = info.parse(query).forms
        assert form.form_type == "http://jabber.org/network/serverinfo"
        assert form.values("abuse-addresses") == ("mailto:abuse@montague.example",)
        assert form.values("admin-addresses") == ("xmpp:friar@x.example",)
        assert form.field("sales-addresses") is None


async def test_no_form_without_addresses(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        romeo = await stage.login("romeo", "orchard")
        (query,) = await romeo.ask("get", QUERY, DOMAIN)
        assert info.parse(query).forms == ()

"""What of an account stays in memory, and how it gets there."""

import pytest

from server.jid import JID
from server.storage import preferences
from server.storage.preferences import ArchivePreferences
from tests.harness.house import House

ANNA, BEN = JID.of("anna@example.org"), JID.of("ben@example.org")


@pytest.mark.parametrize(("default", "archives"), [("always", True), ("never", False)])
async def test_who_has_not_chosen_archives_what_is_usual_here(default: str, archives: bool) -> None:
    async with House(config={"archive": {"default": default}}) as house:
        await house.add_user("anna")
        accounts = house.server.hosts["example.org"].accounts
        account = await accounts.load(ANNA)
        assert account is not None
        assert account.archives(BEN) is archives
        await preferences.save(house.database, account.id, ArchivePreferences("never", {BEN}))
        accounts.forget(account)
        account = await accounts.load(ANNA)
        assert account is not None
        assert account.archives(BEN)

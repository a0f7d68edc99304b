"""What an account wants archived."""

from server.jid import JID
from server.storage.preferences import ArchivePreferences, load, save
from tests.server.storage.conftest import Open

BERT, CARL = JID.of("bert@example.org"), JID.of("carl@exämple.org")


async def test_who_has_no_wishes_gets_what_is_usual_here(open_database: Open) -> None:
    async with open_database() as database:
        assert await load(database, 1) == ArchivePreferences("always", set(), set())
        assert await load(database, 1, "never") == ArchivePreferences("never", set(), set())


async def test_wishes_come_back_and_are_replaced(open_database: Open) -> None:
    async with open_database() as database:
        wishes = ArchivePreferences("roster", {BERT, CARL}, set())
        await save(database, 1, wishes)
        assert await load(database, 1, "never") == wishes
        wishes = ArchivePreferences("never", set(), {CARL})
        await save(database, 1, wishes)
        found = await load(database, 1)
        assert found == wishes
        assert all(isinstance(jid, JID) for jid in found.never)

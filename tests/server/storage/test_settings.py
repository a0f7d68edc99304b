"""Secrets and settings by name."""

from server.storage.settings import keep_secret, load_secret, load_setting, save_setting
from tests.server.storage.conftest import Open


async def test_the_first_secret_stays(open_database: Open) -> None:
    async with open_database() as database:
        assert await load_secret(database, "dialback") is None
        assert await keep_secret(database, "dialback", b"first") == b"first"
        assert await keep_secret(database, "dialback", b"second") == b"first"
        assert await load_secret(database, "dialback") == b"first"


async def test_a_setting_is_replaced(open_database: Open) -> None:
    async with open_database() as database:
        assert await load_setting(database, "motd") is None
        await save_setting(database, "motd", "hello")
        await save_setting(database, "motd", "bye")
        assert await load_setting(database, "motd") == "bye"

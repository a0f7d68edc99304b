"""What is known of one account."""

from server.dossier import compile_stored
from server.jid import JID
from server.orders import Orders
from tests.harness import talk
from tests.harness.house import House
from tests.harness.sasl2 import SUCCESS, log_in, wish

ANNA = "anna@example.org"


async def test_nobody() -> None:
    async with House() as house:
        assert await compile_stored(house.database, JID.of(ANNA)) is None


async def test_what_is_stored() -> None:
    async with House() as house:
        await house.add_user("anna")
        found = await compile_stored(house.database, JID.of(ANNA))
        assert found == {
            "jid": ANNA, "created": "2023-11-14T22:13:20.000Z", "disabled": "", "last_login": "",
            "last_seen": "", "contacts": 0, "pending": 0, "clients": [], "sessions": [],
        }  # fmt: skip
        ben = await house.online("ben/b")
        await ben.send(f"<message type='chat' to='{ANNA}'><body>hi</body></message>")
        client = await log_in(house, "anna", wish(), agent="phone")
        await client.expect(SUCCESS)
        await client.close()
        house.clock.advance(60)
        await Orders(house.server).accounts().disable(ANNA)
        await house.settle()
        found = await Orders(house.server).show(ANNA)
        assert found["disabled"] == "2023-11-14T22:14:20.000Z"
        assert found["pending"] == 1
        assert found["last_login"] == "2023-11-14T22:13:20.000Z"
        assert found["clients"] == [
            {
                "software": "AwesomeXMPP", "device": "Kiva's Phone", "tokens": 1,
                "last_seen": "2023-11-14T22:13:20.000Z",
            }
        ]  # fmt: skip


async def test_who_is_online() -> None:
    async with House() as house:
        await house.online("anna/phone")
        await house.login("anna/desk")
        lost = await house.online("anna/lost")
        await talk.enable(lost)
        lost.vanish()
        house.clock.advance(60)
        found = await Orders(house.server).show(ANNA)
        assert [tuple(each.values()) for each in found["sessions"]] == [
            (f"{ANNA}/phone", "192.0.2.1", "available"),
            (f"{ANNA}/desk", "192.0.2.1", "connected"),
            (f"{ANNA}/lost", "", "disconnected"),
        ]
        assert found["last_login"] == "2023-11-14T22:13:20.000Z"

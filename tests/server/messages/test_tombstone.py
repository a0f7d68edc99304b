"""What stands where a message stood: see also `tests/extensions/retraction`."""

from server.jid import JID
from server.messages import notices, tombstone


def test_a_tombstone_keeps_the_envelope_and_nothing_else() -> None:
    romeo, lord = JID.parse("romeo@montague.example/orchard"), JID.parse("lord@capulet.example")
    wire = (
        f"<message type='chat' id='it&apos;s' xml:lang='en' from='{romeo}' to='{lord}'>"
        "<body>x</body></message>"
    ).encode()
    message = notices.read(wire)
    assert message is not None
    stone = tombstone.build(message, "t<o", 0)
    assert stone == (
        b"<message type='chat' id='it&apos;s' from='romeo@montague.example/orchard'"
        b" to='lord@capulet.example'><retracted xmlns='urn:xmpp:message-retract:1' id='t&lt;o'"
        b" stamp='1970-01-01T00:00:00.000Z'/></message>"
    )
    assert tombstone.is_tombstone(stone)
    assert not tombstone.is_tombstone(wire)


def test_no_client_can_make_one() -> None:
    forged = (
        b"<message><retracted xmlns=\"urn:xmpp:message-retract:1\" id='x' stamp='y'/></message>"
    )
    assert not tombstone.is_tombstone(forged)

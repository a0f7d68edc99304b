"""XEP-0203."""

from server import delay
from server.jid import JID


def test_build() -> None:
    assert delay.build(1_278_803_305_000) == (
        b"<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25.000Z'/>"
    )
    assert delay.build(0, JID.of("capulet.example")) == (
        b"<delay xmlns='urn:xmpp:delay' from='capulet.example' stamp='1970-01-01T00:00:00.000Z'/>"
    )

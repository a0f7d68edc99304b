"""XEP-0297."""

from extensions.payloads import forwarding
from server import delay


def test_the_inner_stanza_gets_its_namespace() -> None:
    assert forwarding.wrap(b"<message to='a'><body/></message>", delay.build(0)) == (
        b"<forwarded xmlns='urn:xmpp:forward:0'>"
        b"<delay xmlns='urn:xmpp:delay' stamp='1970-01-01T00:00:00.000Z'/>"
        b"<message xmlns='jabber:client' to='a'><body/></message></forwarded>"
    )

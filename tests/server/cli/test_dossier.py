"""What is known of an account, in lines."""

from server.cli.dossier import describe

FOUND = {
    "jid": "anna@example.org", "created": "2023-11-14T22:13:20.000Z", "disabled": "",
    "last_login": "2023-11-15T08:00:00.000Z", "last_seen": "2023-11-15T09:00:00.000Z",
    "contacts": 3, "pending": 2, "sessions": [],
    "clients": [
        {"software": "Gajim", "device": "desk", "last_seen": "2023-11-15T08:00:00.000Z",
         "tokens": 1},
        {"software": "", "device": "", "last_seen": "2023-11-14T23:00:00.000Z", "tokens": 0},
    ],
}  # fmt: skip
PHONE = {"jid": "anna@example.org/phone", "state": "available", "address": "192.0.2.1"}
LOST = {"jid": "anna@example.org/desk", "state": "disconnected", "address": ""}
INVITATION = {"id": "5935acb1d666", "expires": "2023-11-21T22:13:20.000Z", "registers": True}


def test_who_is_away() -> None:
    assert list(describe(FOUND, [INVITATION])) == [
        "anna@example.org",
        "  created     2023-11-14T22:13:20.000Z",
        "  last login  2023-11-15T08:00:00.000Z",
        "  online      2023-11-15T09:00:00.000Z",
        "  contacts    3",
        "  waiting     2 messages",
        "  client      Gajim, desk, last seen 2023-11-15T08:00:00.000Z, has a token",
        "  client      unnamed, last seen 2023-11-14T23:00:00.000Z",
        "  invitation  5935acb1d666  until 2023-11-21T22:13:20.000Z  account",
    ]


def test_who_is_here() -> None:
    lines = list(describe({**FOUND, "clients": [], "sessions": [PHONE, LOST]}, []))
    assert lines[3] == "  online      now"
    assert lines[6:] == [
        "  session     anna@example.org/phone  available  192.0.2.1",
        "  session     anna@example.org/desk  disconnected",
    ]

"""slixmpp: https://codeberg.org/poezio/slixmpp."""

"""aioxmpp: https://codeberg.org/jssfr/aioxmpp."""

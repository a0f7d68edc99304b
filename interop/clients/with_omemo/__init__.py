"""slixmpp-omemo: https://codeberg.org/syndace/slixmpp-omemo."""

"""nbxmpp, which Gajim is built on: https://dev.gajim.org/gajim/python-nbxmpp."""

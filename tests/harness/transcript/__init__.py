"""Conversations between clients and a server, written for people and run by a program.

    # XEP-0199 §4.2: a ping to the server
    juliet on balcony
    juliet sends
        <iq type='get' id='p1' to='{domain}'><ping xmlns='urn:xmpp:ping'/></iq>
    juliet gets
        <iq type='result' id='p1' from='{domain}' to='{juliet/balcony}'/>

`tests/transcripts/README.md` has the whole language. `reading` makes transcripts of a file,
`matching` holds what came against what was expected, `playing` runs one in a `Place`: in process
(`indoors`) or, from `interop/`, over sockets against this server and others.
"""

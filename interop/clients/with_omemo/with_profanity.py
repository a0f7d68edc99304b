"""slixmpp-omemo and Profanity in one conversation: neither knows the other's code."""

# mypy: ignore-errors
# (the libraries live in an environment of their own)

import functools

from interop.capabilities import Seen, Situation
from interop.clients.report import main
from interop.clients.sealed_talk import converse
from interop.clients.with_omemo.correspondent import Correspondent
from interop.clients.with_profanity.sealing import Typist
from interop.clients.with_profanity.terminal import terminals


async def omemo_axolotl(situation: Situation) -> Seen:
    with terminals() as screens:
        alice = await Typist.login(screens, "alice", situation.alice, situation)
        bob = await Correspondent.login(situation.bob, situation)
        new = functools.partial(Typist.login, screens, "new", situation.bob, situation)
        return await converse(alice, bob, new, situation)


if __name__ == "__main__":
    main(omemo_axolotl)

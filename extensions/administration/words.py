"""What all these commands share: their names, their forms, and how an order is refused."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from extensions.commands import Command, Who
from extensions.payloads.forms import Field, Form, typed
from server.administration import AlreadyThere, NotThere
from server.control import Refused
from server.errors import Condition, StanzaError
from server.extension import At
from server.orders import CannotEnd

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from extensions.commands import Done, Stage
    from server.element import Element
    from server.extension import Request
    from server.host import Host
    from server.jid import JID

NS: Final = "http://jabber.org/protocol/admin"


def command(name: str, title: str, begin: Callable[[Request], Awaitable[Stage | Done]]) -> Command:
    """A command of this name for administrators (§3)."""
    return Command(f"{NS}#{name}", title, At.HOST, Who.ADMINS, begin)


def question(title: str, *fields: Field) -> Form:
    """A form to be filled in."""
    return Form("form", typed(NS, *fields), title)


def answer(*fields: Field, extra: tuple[Element, ...] = ()) -> Form:
    """What there is to know."""
    return Form("result", typed(NS, *fields), extra=extra)


def own(host: Host, jid: JID) -> str:
    """The address, if it is one of this host."""
    if jid.domain != host.domain or not jid.local:
        raise StanzaError(Condition.ITEM_NOT_FOUND, f"{jid} is not an account of {host.domain}")
    return str(jid)


@contextmanager
def refusals() -> Iterator[None]:
    """An order that cannot be followed, as an error of the stanza (§5)."""
    try:
        yield
    except AlreadyThere as refused:
        raise StanzaError(Condition.CONFLICT, str(refused)) from None
    except NotThere as refused:
        raise StanzaError(Condition.ITEM_NOT_FOUND, str(refused)) from None
    except CannotEnd as refused:
        raise StanzaError(Condition.INTERNAL_SERVER_ERROR, str(refused)) from None
    except Refused as refused:
        raise StanzaError(Condition.NOT_ACCEPTABLE, str(refused)) from None

"""Who plays in these tests: a house with all extensions, strangers, and commands."""

from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from extensions.commands.payloads import NS as COMMANDS
from extensions.invitations import Invitations
from extensions.invitations.store import Invitation
from extensions.registry import ALL
from server.element import Element
from tests.harness.house import CORE, Client, House

DOMAIN = "example.org"
ADMIN = f"romeo@{DOMAIN}"
REGISTER = (
    "<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>{}</username>"
    "<password>Calliope</password></query></iq>"
)
DONE = "<iq type='result' id='reg'/>"


def open_house(
    sections: Mapping[str, Mapping[str, object]] | None = None,
    domains: Sequence[str] = (DOMAIN,),
) -> House:
    """A server where romeo is an administrator."""
    config: dict[str, Mapping[str, object]] = {"server": {"admins": [ADMIN]}, **(sections or {})}
    return House((*CORE, *ALL), config=config, domains=domains)


def invitations(house: House) -> Invitations:
    """The extension."""
    found: Invitations = house.server.hosts[DOMAIN].service("invitations")
    return found


async def issue(house: House, **wish: Any) -> str:
    """An invitation of the operator's to have an account; its token."""
    made = Invitation("", DOMAIN, **{"registers": True, **wish})
    return (await invitations(house).book.issue(made))[1]


async def stranger(house: House) -> Client:
    """Somebody who has not logged in."""
    client = house.connect()
    await client.open()
    return client


def preauth(token: str) -> str:
    """A token shown before registering."""
    payload = f"<preauth xmlns='urn:xmpp:pars:0' token='{token}'/>"
    return f"<iq type='set' to='{DOMAIN}' id='pa1'>{payload}</iq>"


def asking(to: str, token: str) -> str:
    """A subscription request with a token."""
    payload = f"<preauth xmlns='urn:xmpp:pars:0' token='{token}'/>"
    return f"<presence type='subscribe' to='{to}'>{payload}</presence>"


def condition(answer: Element) -> str:
    """The condition of an error, "" for a result."""
    error = answer.find("{*}error")
    return "" if error is None else str(etree.QName(error[0]).localname)


async def register(client: Client, name: str) -> str:
    """Try to make an account; the condition of the refusal."""
    await client.send(REGISTER.format(name))
    return condition(await client.next())


async def show(client: Client, token: str) -> str:
    """Show a token; the condition of the refusal."""
    await client.send(preauth(token))
    return condition(await client.next())


async def run(client: Client, node: str, session: str = "", form: str = "") -> Element:
    """One step of a command; the answer."""
    payload = f"<x xmlns='jabber:x:data' type='submit'>{form}</x>" if form or session else ""
    name = f" sessionid='{session}'" if session else ""
    command = f"<command xmlns='{COMMANDS}' node='{node}'{name}>{payload}</command>"
    await client.send(f"<iq type='set' id='c' to='{DOMAIN}'>{command}</iq>")
    answer = await client.next()
    assert answer.get("id") == "c"
    return answer


def values(answer: Element) -> dict[str, str]:
    """The fields of the form in an answer."""
    return {
        field.get("var", ""): field.findtext("{jabber:x:data}value") or ""
        for field in answer.iter("{jabber:x:data}field")
    }

"""An administrator's client, going through commands."""

from collections.abc import Sequence

from lxml import etree

from extensions.administration.words import NS
from extensions.commands.payloads import NS as COMMANDS
from extensions.registry import ALL
from server.element import Element
from tests.harness.house import CORE, Client, House

DOMAIN = "example.org"
ADMIN = f"bard@{DOMAIN}"


def open_house(domains: Sequence[str] = (DOMAIN,)) -> House:
    """A server where bard is an administrator."""
    return House((*CORE, *ALL), config={"server": {"admins": [ADMIN]}}, domains=domains)


async def ask(client: Client, payload: str) -> Element:
    """The answer to a command; what came before stays in the inbox."""
    await client.send(f"<iq type='set' id='c' to='{DOMAIN}'>{payload}</iq>")
    answer = next(each for each in client.inbox if each.get("id") == "c")
    client.inbox.remove(answer)
    return answer


def condition(answer: Element) -> str:
    """The condition of an error, "" for a result."""
    error = answer.find("{*}error")
    return "" if error is None else str(etree.QName(error[0]).localname)


async def begin(client: Client, name: str) -> Element:
    """Begin a command."""
    return await ask(client, f"<command xmlns='{COMMANDS}' node='{NS}#{name}'/>")


async def run(client: Client, name: str, **fields: str | list[str]) -> Element:
    """Begin a command and fill in its form."""
    first = await begin(client, name)
    assert condition(first) == ""
    session = first[0].get("sessionid", "")
    form = f"<field var='FORM_TYPE'><value>{NS}</value></field>"
    for var, given in fields.items():
        values = [given] if isinstance(given, str) else given
        inner = "".join(f"<value>{value}</value>" for value in values)
        form += f"<field var='{var.replace('_', '-') if 'verify' in var else var}'>{inner}</field>"
    return await ask(
        client,
        f"<command xmlns='{COMMANDS}' node='{NS}#{name}' sessionid='{session}'>"
        f"<x xmlns='jabber:x:data' type='submit'>{form}</x></command>",
    )


def fields(answer: Element) -> dict[str, list[str]]:
    """The fields of the form in an answer, with their values."""
    return {
        field.get("var", ""): [value.text or "" for value in field.findall("{*}value")]
        for field in answer.iter("{jabber:x:data}field")
    }


def headline(subject: str, text: str, to: str) -> str:
    return (
        f"<message type='headline' from='{DOMAIN}' to='{to}'><subject>{subject}</subject>"
        f"<body>{text}</body></message>"
    )

"""Small images, and how clients publish them."""

from base64 import b64encode
from hashlib import sha1

from extensions.avatars.images import DATA, METADATA
from server.element import Element
from tests.extensions.pubsub.people import condition, options, publish
from tests.harness.house import Client

PNG = b"\x89PNG\r\n\x1a\n" + b"the face of Juliet"
JPEG = b"\xff\xd8\xff\xe0" + b"another face"
UPDATE = "{vcard-temp:x:update}x"
PHOTO = "{vcard-temp:x:update}photo"


def hash_of(data: bytes) -> str:
    return sha1(data, usedforsecurity=False).hexdigest()


def encoded(data: bytes) -> str:
    return b64encode(data).decode()


def data_item(data: bytes, name: str = "") -> str:
    content = f"<data xmlns='{DATA}'>\n  {encoded(data)}\n</data>"
    return f"<item id='{name or hash_of(data)}'>{content}</item>"


def info(data: bytes, name: str = "", more: str = "") -> str:
    return f"<info bytes='{len(data)}' id='{name or hash_of(data)}' type='image/png' {more}/>"


def metadata_item(*infos: str, name: str = "current") -> str:
    return f"<item id='{name}'><metadata xmlns='{METADATA}'>{''.join(infos)}</metadata></item>"


async def show(client: Client, data: bytes, access_model: str = "open") -> None:
    """Publish an avatar as a modern client does."""
    wanted = options(access_model=access_model)
    assert condition(await publish(client, DATA, data_item(data), "", wanted)) == ""
    item = metadata_item(info(data), name=hash_of(data))
    assert condition(await publish(client, METADATA, item, "", wanted)) == ""


async def get_card(client: Client, to: str = "") -> Element:
    address = f" to='{to}'" if to else ""
    client.take_all()
    await client.send(f"<iq id='v1' type='get'{address}><vCard xmlns='vcard-temp'/></iq>")
    return next(each for each in client.take_all() if each.get("id") == "v1")


async def put_card(client: Client, content: str) -> Element:
    text = f"<vCard xmlns='vcard-temp'>{content}</vCard>"
    await client.send(f"<iq id='v2' type='set'>{text}</iq>")
    answer = next(each for each in client.inbox if each.get("id") == "v2")
    client.inbox.remove(answer)
    return answer


def photo(data: bytes, kind: str = "image/png") -> str:
    return f"<PHOTO><TYPE>{kind}</TYPE><BINVAL>\n{encoded(data)}\n</BINVAL></PHOTO>"


def photos_heard(client: Client, sender: str) -> list[str | None]:
    """What the presence that came from a device says of its avatar; None if nothing."""
    found = []
    for each in client.take_all():
        if each.tag == "{jabber:client}presence" and each.get("from") == sender:
            said = each.find(f"{UPDATE}/{PHOTO}")
            found.append(None if said is None else said.text or "")
    return found

"""vCard4 as vcard-temp: the mapping of XEP-0292 §11, read from right to left.

What vcard-temp has no place for (gender, languages, relations) is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.element import E

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from server.element import Element

NODE: Final = "urn:xmpp:vcard4"
NS: Final = "urn:ietf:params:xml:ns:vcard-4.0"
VCARD4: Final = f"{{{NS}}}vcard"
TEMP: Final = "vcard-temp"
VCARD: Final = f"{{{TEMP}}}vCard"

_NAME: Final = {
    "surname": "FAMILY", "given": "GIVEN", "additional": "MIDDLE",
    "prefix": "PREFIX", "suffix": "SUFFIX",
}  # fmt: skip
_ADDRESS: Final = {
    "pobox": "POBOX", "ext": "EXTADD", "street": "STREET", "locality": "LOCALITY",
    "region": "REGION", "code": "PCODE", "country": "CTRY",
}  # fmt: skip
_PLACES: Final = {"home": "HOME", "work": "WORK"}
_PHONES: Final = {
    **_PLACES, "voice": "VOICE", "fax": "FAX", "pager": "PAGER", "cell": "CELL",
    "video": "VIDEO", "text": "MSG",
}  # fmt: skip
#: Properties that are one text in both.
_TEXTS: Final = {
    "fn": "FN", "nickname": "NICKNAME", "bday": "BDAY", "title": "TITLE", "role": "ROLE",
    "url": "URL", "note": "DESC", "tz": "TZ", "uid": "UID", "rev": "REV", "prodid": "PRODID",
}  # fmt: skip


def convert(vcard: Element) -> Element:
    """A vCard4 in the old format."""
    card = E(VCARD)
    for property_ in vcard.iter(*_CONVERTERS):
        if property_.getparent() is vcard:
            made = _CONVERTERS[property_.tag](property_)
            if made is not None:
                card.append(made)
    return card


def _temp(name: str, *content: Element | str) -> Element:
    return E(f"{{{TEMP}}}{name}", None, *content)


def _values(property_: Element) -> Iterator[str]:
    """The texts of a property, whatever their type."""
    for child in property_:
        if isinstance(child.tag, str) and child.tag != f"{{{NS}}}parameters":
            text = (child.text or "").strip()
            if text:
                yield text


def _value(property_: Element) -> str:
    return next(_values(property_), "")


def _text(property_: Element) -> Element | None:
    value = _value(property_)
    return _temp(_TEXTS[_local(property_)], value) if value else None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _parts(property_: Element, names: Mapping[str, str]) -> list[Element]:
    found = ((names.get(_local(child)), child.text) for child in property_.iterchildren("{*}*"))
    return [_temp(name, text) for name, text in found if name and text]


def _types(property_: Element, names: Mapping[str, str]) -> list[Element]:
    """What kind of address it is: the types that both formats have."""
    path = f"{{{NS}}}parameters/{{{NS}}}type/{{{NS}}}text"
    types = dict.fromkeys((each.text or "").lower() for each in property_.findall(path))
    return [_temp(names[each]) for each in types if each in names]


def _name(property_: Element) -> Element | None:
    parts = _parts(property_, _NAME)
    return _temp("N", *parts) if parts else None


def _address(property_: Element) -> Element | None:
    parts = _parts(property_, _ADDRESS)
    return _temp("ADR", *_types(property_, _PLACES), *parts) if parts else None


def _phone(property_: Element) -> Element | None:
    """A `tel:` URI becomes a number (§11.3.5)."""
    number = _value(property_).removeprefix("tel:")
    if not number:
        return None
    return _temp("TEL", *_types(property_, _PHONES), _temp("NUMBER", number))


def _mail(property_: Element) -> Element | None:
    address = _value(property_).removeprefix("mailto:")
    if not address:
        return None
    types = _types(property_, _PLACES)
    return _temp("EMAIL", *types, _temp("INTERNET"), _temp("USERID", address))


def _messenger(property_: Element) -> Element | None:
    """A URI of ours is the JABBERID (§11.1.2)."""
    scheme, _, address = _value(property_).partition(":")
    return _temp("JABBERID", address) if scheme == "xmpp" and address else None


def _organisation(property_: Element) -> Element | None:
    names = list(_values(property_))
    if not names:
        return None
    return _temp("ORG", _temp("ORGNAME", names[0]), *(_temp("ORGUNIT", each) for each in names[1:]))


def _place(property_: Element) -> Element | None:
    latitude, _, longitude = _value(property_).removeprefix("geo:").partition(",")
    longitude = longitude.partition(";")[0].partition(",")[0]
    if not latitude or not longitude:
        return None
    return _temp("GEO", _temp("LAT", latitude), _temp("LON", longitude))


def _picture(property_: Element) -> Element | None:
    """A picture: a `data:` URI (RFC 2397) becomes binary, any other an external value (§11.4)."""
    uri = _value(property_)
    if not uri:
        return None
    name = _local(property_).upper()
    head, comma, data = uri.partition(",")
    if not head.startswith("data:"):
        return _temp(name, _temp("EXTVAL", uri))
    kind, _, encoding = head.removeprefix("data:").rpartition(";")
    if not comma or encoding != "base64":
        return None
    return _temp(name, _temp("TYPE", kind), _temp("BINVAL", data))


def _categories(property_: Element) -> Element | None:
    words = [_temp("KEYWORD", each) for each in _values(property_)]
    return _temp("CATEGORIES", *words) if words else None


def _key(property_: Element) -> Element | None:
    value = _value(property_)
    return _temp("KEY", _temp("CRED", value)) if value else None


_CONVERTERS: Final[Mapping[str, Callable[[Element], Element | None]]] = {
    **{f"{{{NS}}}{name}": _text for name in _TEXTS},
    f"{{{NS}}}n": _name,
    f"{{{NS}}}adr": _address,
    f"{{{NS}}}tel": _phone,
    f"{{{NS}}}email": _mail,
    f"{{{NS}}}impp": _messenger,
    f"{{{NS}}}org": _organisation,
    f"{{{NS}}}geo": _place,
    f"{{{NS}}}photo": _picture,
    f"{{{NS}}}logo": _picture,
    f"{{{NS}}}categories": _categories,
    f"{{{NS}}}key": _key,
}

"""Addresses: one canonical, valid, interned form of every JID (RFC 7622)."""

import re
from typing import Final, NoReturn, Self

from server.domainpart import MalformedDomain, prepare_domain
from server.element import escape
from server.localpart import MalformedPart, prepare_local, prepare_resource

# Each part has 1 to 1023 octets (RFC 7622 §3.1), and there are two separators.
MAX_PART: Final = 1023
MAX_OCTETS: Final = 3 * MAX_PART + 2

_GENERATION: Final = 10_000  # two of these are kept: the one being filled and the one before
_CACHED_LENGTH: Final = 192  # longer addresses are prepared anew each time

# What needs no mapping beyond lower case: the common address, in plain ASCII.
_plain_local = re.compile(r"[!#$%()*+,\-.0-9;=?A-Z\[\\\]^_`a-z{|}~]{1,1023}").fullmatch

_young: dict[str, "JID"] = {}
_old: dict[str, "JID"] = {}


class JIDMalformed(ValueError):
    """The text is not a JID (RFC 7622 §3.1)."""


class JID(str):
    """An address; always valid and canonical, equal and hashed as its text."""

    __slots__ = ("_bare", "domain", "local", "resource", "wire")

    local: str
    domain: str
    resource: str
    wire: bytes
    _bare: "JID | None"

    def __new__(cls, *_: object) -> Self:
        """Refuse: an address that was not prepared is not an address."""
        raise TypeError("use JID.parse, or JID.of for constants")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a JID is immutable: {name}")

    @staticmethod
    def parse(text: str) -> "JID":
        """Prepare an address that came from anywhere; the only gate (RFC 7622 §3.1)."""
        jid = _young.get(text)
        return _miss(text) if jid is None else jid

    @staticmethod
    def of(text: str) -> "JID":
        """Give a constant, which must be written in its canonical form."""
        jid = JID.parse(text)
        if jid != text:
            raise ValueError(f"write this constant as {str(jid)!r}")
        return jid

    @property
    def bare(self) -> "JID":
        """The address without its resource; itself when it has none."""
        return self._bare or self

    @property
    def is_bare(self) -> bool:
        """Say whether there is no resource."""
        return self._bare is None

    @property
    def is_domain(self) -> bool:
        """Say whether this is a domain alone."""
        return self._bare is None and not self.local

    def with_resource(self, resource: str) -> "JID":
        """Give the same account or domain with this resource instead."""
        text = self.bare + "/" + resource
        return _young.get(text) or _keep(text, _full(self.bare, resource))

    def __repr__(self) -> str:
        return f"JID({str.__repr__(self)})"

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return JID.parse, (str(self),)

    def __copy__(self) -> "JID":
        return self

    def __deepcopy__(self, memo: object) -> "JID":
        return self


_set_local = JID.__dict__["local"].__set__
_set_domain = JID.__dict__["domain"].__set__
_set_resource = JID.__dict__["resource"].__set__
_set_wire = JID.__dict__["wire"].__set__
_set_bare = JID.__dict__["_bare"].__set__


def _miss(text: str) -> JID:
    """Prepare what the cache does not know, and remember it."""
    if isinstance(text, JID):
        return text
    jid = _old.get(text)
    if jid is not None:
        return _keep(text, jid)
    if len(text) > MAX_OCTETS:
        raise JIDMalformed("this address is too long")
    # The resource goes first, from the first slash on; then the localpart, to the first at sign
    # (RFC 7622 §3.2). Only then is any of them mapped, lest mapping make a separator (§3.1).
    bare, slash, resource = text.partition("/")
    if slash:
        return _keep(text, _full(_young.get(bare) or _miss(bare), resource))
    local, at, domain = bare.partition("@")
    if not at:
        return _keep(text, _build("", _domain(local), "", None))
    return _keep(text, _build(_local(local), _domain(domain), "", None))


def _full(bare: JID, resource: str) -> JID:
    if not is_plain_resource(resource):
        try:
            resource = prepare_resource(resource)
        except MalformedPart as malformed:
            raise JIDMalformed(f"resource: {malformed}") from None
    return _build(bare.local, bare.domain, resource, bare)


def _local(text: str) -> str:
    if is_plain_local(text):
        return text.lower()
    try:
        return prepare_local(text)
    except MalformedPart as malformed:
        raise JIDMalformed(f"localpart: {malformed}") from None


def is_plain_local(text: str) -> bool:
    """Say whether only the case may have to change."""
    if text.isalnum() and text.isascii() and len(text) <= MAX_PART:  # most of them, and faster
        return True
    return _plain_local(text) is not None


def is_plain_resource(text: str) -> bool:
    """Say whether nothing has to change."""
    return text.isascii() and text.isprintable() and 0 < len(text) <= MAX_PART


def _domain(text: str) -> str:
    try:
        return prepare_domain(text)
    except MalformedDomain as malformed:
        raise JIDMalformed(f"domain: {malformed}") from None


def _build(local: str, domain: str, resource: str, bare: JID | None) -> JID:
    """Make the object from parts that are known to be right."""
    if bare is None:
        text = local + "@" + domain if local else domain
        wire = text.encode()  # neither part can hold what XML must have escaped
    else:
        text = bare + "/" + resource
        wire = bare.wire + b"/" + (resource.encode() if resource.isalnum() else escape(resource))
    jid = str.__new__(JID, text)
    _set_local(jid, local)
    _set_domain(jid, domain)
    _set_resource(jid, resource)
    _set_bare(jid, bare)
    _set_wire(jid, wire)
    return jid


def _keep(text: str, jid: JID) -> JID:
    """Remember by the form in which it was asked for; forget the eldest generation."""
    if len(text) <= _CACHED_LENGTH:
        if len(_young) >= _GENERATION:
            _old.clear()
            _old.update(_young)
            _young.clear()
        _young[text] = jid
    return jid

"""Tells which software this is (XEP-0092)."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, ClassVar, Final

from server import __version__
from server.element import escape
from server.extension import IQ, XEP, At, Extension, Feature, Request, Spec, Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

NS: Final = "jabber:iq:version"
NAME: Final = "Skerry"


class SoftwareVersion(Extension):
    """The host says its name and version (XEP-0092 §3)."""

    name = "software_version"
    specs: ClassVar[tuple[Spec, ...]] = (XEP(92, "Software Version", "1.1"),)

    def wires(self) -> Iterable[Wire]:
        """Every hook of this extension."""
        yield Feature(NS)
        yield IQ("get", f"{{{NS}}}query", self.answer, At.HOST)

    def answer(self, request: Request) -> bytes:
        """Name and version; the system beneath only where an operator wants it told.

        "An application MUST provide a way for a human user or administrator to disable sharing of
        information about the operating system" (§5).
        """
        system = b""
        if not self.host.server.config.version.hide_os:
            system = b"<os>%s</os>" % escape(platform.system())
        told = b"<name>%s</name><version>%s</version>%s" % (
            escape(NAME), escape(__version__), system,
        )  # fmt: skip
        return b"<query xmlns='jabber:iq:version'>%s</query>" % told

"""Where to listen: an address and a port."""

from typing import NamedTuple, Self


class Address(NamedTuple):
    """A host and a port, written `127.0.0.1:5222`, `[::1]:5222` or `[::]:5222`.

    `[::]` listens on every address of this machine, IPv4 as well as IPv6. Port 0 lets the system
    choose one, which is for tests.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `host:port`; ValueError says what is wrong."""
        host, colon, digits = text.strip().rpartition(":")
        if not colon or not (digits.isascii() and digits.isdigit()) or int(digits) > 65535:
            raise ValueError("no port between 0 and 65535 after the last colon")
        if host.startswith("[") != host.endswith("]") or (":" in host and host[0] != "["):
            raise ValueError("an IPv6 address stands in square brackets")
        host = host.removeprefix("[").removesuffix("]")
        if not host:
            raise ValueError("no host before the port")
        return cls(host, int(digits))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

"""A DNS server that tells Smack where the server under test listens.

Smack takes a host but no port; SRV records carry both (RFC 6120 §3.2.1). Answers SRV queries of one
domain, and A queries of any name, with 127.0.0.1 and the ports given; nothing else exists.
"""

import socket
import struct
import threading

A, SRV = 1, 33
_HEADER = 12
_NXDOMAIN = 0x8583
_NO_ERROR = 0x8580


class SRVServer:
    """Answers on a UDP port of 127.0.0.1 in a thread of its own, until closed."""

    def __init__(self, domain: str, services: dict[str, int]) -> None:
        self._records = {f"_{name}._tcp.{domain}": port for name, port in services.items()}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                query, client = self._socket.recvfrom(4096)
                self._socket.sendto(_answer(query, self._records), client)
            except (IndexError, UnicodeDecodeError, struct.error):
                continue
            except OSError:
                return


def _answer(query: bytes, records: dict[str, int]) -> bytes:
    """The reply to one query packet (RFC 1035 §4.1)."""
    labels, at = [], _HEADER
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode().lower())
        at += 1 + query[at]
    (kind,) = struct.unpack_from("!H", query, at + 1)
    data = _record(".".join(labels), kind, records)
    flags = _NO_ERROR if data else _NXDOMAIN
    reply = query[:2] + struct.pack("!HHHHH", flags, 1, 1 if data else 0, 0, 0)
    reply += query[_HEADER : at + 5]
    if data:
        reply += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
    return reply


def _record(name: str, kind: int, records: dict[str, int]) -> bytes:
    """The data of the one matching record, empty if there is none (RFC 2782)."""
    if kind == SRV and name in records:
        return struct.pack("!HHH", 0, 0, records[name]) + b"\x09localhost\x00"
    if kind == A:
        return socket.inet_aton("127.0.0.1")
    return b""

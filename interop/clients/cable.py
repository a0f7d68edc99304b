"""A TCP relay whose cable can be cut: for clients that offer no way to fail on purpose."""

import contextlib
import socket
import threading


class Cable:
    """Listens on a port of 127.0.0.1 and passes bytes on to a server, both ways."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._plugged = threading.Event()
        self._plugged.set()
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections at once, and let new ones wait until the cable is mended."""
        self._plugged.clear()
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._plugged.set()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            self._plugged.wait()
            server = socket.create_connection(self._target)
            self._ends += [client, server]
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Move bytes until one side ends, then end the other."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)

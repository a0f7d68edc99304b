"""Terminals of tmux that programs run in, unseen."""

import contextlib
import os
import pathlib
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping

PATIENCE = 60.0
_COLUMNS, _ROWS = 180, 60
_PAUSE = 0.05


class Terminals:
    """One tmux server of our own; `folder` is free for the programs' files."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self._socket = str(folder / "tmux")

    def open(self, name: str, command: list[str], environment: Mapping[str, str]) -> "Terminal":
        """Run a program in a new terminal."""
        line = shlex.join(
            ["env", *(f"{key}={value}" for key, value in environment.items()), *command]
        )
        size = ("-x", str(_COLUMNS), "-y", str(_ROWS))
        self.tmux("new-session", "-d", "-s", name, *size, line)
        return Terminal(self, name)

    def tmux(self, *arguments: str) -> str:
        """Ask tmux something."""
        argv = ["tmux", "-u", "-f", "/dev/null", "-S", self._socket, *arguments]
        environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "screen-256color"}
        result = subprocess.run(
            argv, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        return result.stdout


@contextlib.contextmanager
def terminals() -> Iterator[Terminals]:
    """A tmux server that ends with the block, and its programs with it."""
    with tempfile.TemporaryDirectory() as folder:
        opened = Terminals(pathlib.Path(folder))
        try:
            yield opened
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                opened.tmux("kill-server")


class Terminal:
    """One terminal: type into it, read its screen."""

    def __init__(self, terminals: Terminals, name: str) -> None:
        self._terminals = terminals
        self._name = name

    def type(self, text: str) -> None:
        """Type a line."""
        self._terminals.tmux("send-keys", "-t", self._name, "-l", text)
        self._terminals.tmux("send-keys", "-t", self._name, "Enter")

    def screen(self) -> list[str]:
        """What is on the screen, line by line."""
        text = self._terminals.tmux("capture-pane", "-p", "-J", "-t", self._name)
        return [line.rstrip() for line in text.splitlines()]

    def wait_for_text(self, text: str) -> None:
        """Wait until the screen shows this text."""
        wait_until(lambda: any(text in line for line in self.screen()), text, self.screen)


def wait_until(
    condition: Callable[[], bool], what: str, explain: Callable[[], list[str]] = list
) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("\n".join([f"not in time: {what}", *explain()]))
        time.sleep(_PAUSE)

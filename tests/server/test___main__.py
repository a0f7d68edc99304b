"""The command line as a whole."""

import subprocess
import sys

from typer.testing import CliRunner

from server import __version__
from server.__main__ import app


def test_the_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"skerry {__version__}\n"


def test_commands_that_need_little_load_little() -> None:
    code = "import sys; import server.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"OpenSSL", "sqlite3", "uvloop", "dns", "prometheus_client", "server.storage"}
    assert not heavy & set(done.stdout.split())

"""Starts and stops ejabberd (see `interop/adapter.py` for what an adapter does).

Erlang is started directly, with the libraries that Debian's control script names, to run as the
user who calls and apart from a system-wide ejabberd.
"""

import argparse
import pathlib
import re
import shutil
from collections.abc import Iterable

from interop.adapter import Adapter, main
from interop.peers.registration import register
from interop.programs import Unavailable, find

CONFIG = """\
loglevel: warning
hosts: ["{domain}"]
certfiles: ["{workdir}/certs/{domain}.pem"]
listen:
  - {{port: {c2s}, ip: "127.0.0.1", module: ejabberd_c2s, starttls: true}}
  - {{port: {c2s_tls}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true}}
auth_password_format: plain
registration_timeout: infinity
shaper_rules:
  max_user_sessions: 10
  max_user_offline_messages: 1000
modules:
  mod_blocking: {{}}
  mod_carboncopy: {{}}
  mod_client_state: {{}}
  mod_caps: {{}}
  mod_disco: {{}}
  mod_last: {{}}
  mod_mam: {{default: always}}
  mod_offline: {{access_max_user_messages: max_user_offline_messages}}
  mod_ping: {{}}
  mod_pubsub:
    plugins: [flat, pep]
    last_item_cache: false
  mod_register: {{ip_access: all}}
  mod_privacy: {{}}
  mod_roster: {{versioning: true}}
  mod_stream_mgmt: {{}}
  mod_time: {{}}
  mod_version: {{}}
"""
_LIBRARIES = re.compile(r"^(?:export )?ERL_LIBS='?([^'\n]+)", re.M)


class Ejabberd(Adapter):
    """ejabberd, with all of its own modules that transcripts talk about."""

    def is_ready(self) -> bool:
        """Whether the client ports accept."""
        return self.listens()

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__(arguments)
        self.config = self.workdir / "ejabberd.yml"

    def prepare(self) -> None:
        self.workdir.mkdir(parents=True, exist_ok=True)
        self.make_certificate()
        (self.workdir / "inetrc").write_text('{resolv_conf, ""}.\n{lookup, [file]}.\n')
        certs = self.workdir / "certs"
        pem = "".join((certs / f"{self.domain}.{end}").read_text() for end in ("crt", "key"))
        (certs / f"{self.domain}.pem").write_text(pem)
        self.config.write_text(
            CONFIG.format(workdir=self.workdir, domain=self.domain, **self.ports())
        )

    def command(self, *verb: str) -> list[str]:
        script = control_script().read_text()
        libraries = _LIBRARIES.search(script)
        if libraries is None:
            raise Unavailable("this ejabberdctl does not say where ejabberd's libraries are")
        return [
            find("env"), f"ERL_LIBS={libraries[1]}", f"EJABBERD_CONFIG_PATH={self.config}",
            f"EJABBERD_LOG_PATH={self.workdir}/ejabberd.log", f"HOME={self.workdir}",
            f"ERL_INETRC={self.workdir}/inetrc",
            find("erl"), "-mnesia", "dir", f'"{self.workdir}/mnesia"', "-s", "ejabberd", "-noinput",
        ]  # fmt: skip

    def import_users(self, accounts: Iterable[tuple[str, str]]) -> None:
        register(self.ports()["c2s"], accounts)


def control_script() -> pathlib.Path:
    """Debian keeps it where only root looks."""
    return pathlib.Path(shutil.which("ejabberdctl", path="/usr/sbin") or find("ejabberdctl"))


if __name__ == "__main__":
    main(Ejabberd)

"""Starts and stops Prosody (see `interop/adapter.py` for what an adapter does)."""

import argparse
from collections.abc import Iterable

from interop.adapter import Adapter, main
from interop.peers.registration import register
from interop.programs import find

CONFIG = """\
run_as_root = true
pidfile = "{workdir}/prosody.pid"
data_path = "{workdir}/data"
certificates = "{workdir}/certs"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s} }}
c2s_direct_tls_ports = {{ {c2s_tls} }}
s2s_ports = {{ {s2s} }}
modules_enabled = {{
    "roster", "saslauth", "tls", "disco", "carbons", "mam", "smacks", "csi", "csi_simple",
    "offline", "ping", "time", "version", "lastactivity", "uptime", "register_ibr", "pep",
    "blocklist"
}}
authentication = "internal_plain"
allow_registration = true
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
default_archive_policy = true
log = {{ info = "{workdir}/prosody.log" }}
VirtualHost "{domain}"
"""


class Prosody(Adapter):
    """Prosody, with all of its own modules that transcripts talk about."""

    def is_ready(self) -> bool:
        """Whether the client ports accept."""
        return self.listens()

    def __init__(self, arguments: argparse.Namespace) -> None:
        super().__init__(arguments)
        self.config = self.workdir / "prosody.cfg.lua"

    def prepare(self) -> None:
        (self.workdir / "data").mkdir(parents=True, exist_ok=True)
        self.make_certificate()
        self.config.write_text(
            CONFIG.format(workdir=self.workdir, domain=self.domain, **self.ports())
        )

    def command(self, *verb: str) -> list[str]:
        return [find("prosody"), "-F", "--config", str(self.config)]

    def import_users(self, accounts: Iterable[tuple[str, str]]) -> None:
        register(self.ports()["c2s"], accounts)


if __name__ == "__main__":
    main(Prosody)

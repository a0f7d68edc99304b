"""Runs Smack's integration tests against a server.

    python -m interop.smack.runner --port 5222 --domain localhost --certificate FILE

TLS is required and verified: the certificate is the only one that Java trusts. Low-level tests make
accounts of their own by XEP-0077; where the server does not offer that they cannot run, and the
others use u0, u1 and u2.
"""

import argparse
import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from interop.programs import find, java_libraries
from interop.smack.dns import SRVServer
from interop.smack.results import Results
from interop.smack.selection import Selection

PROJECT = pathlib.Path(__file__).with_name("pom.xml")
MAIN = pathlib.Path(__file__).with_name("Runner.java")
# In the end it deletes its accounts, is told so as XEP-0077 §3.2 wants it, and takes no notice of
# that while it says goodbye: some connections wait for all of this time.
REPLY_TIMEOUT = 10_000
TIMEOUT = 1200
_REGISTRATION = b"http://jabber.org/features/iq-register"
_TRUST_PASSWORD = "changeit"


def libraries() -> pathlib.Path:
    """The folder with Smack and all it needs."""
    return java_libraries("smack", PROJECT)


def run(port: int, domain: str, certificate: pathlib.Path) -> tuple[Results, str]:
    """Run the selected tests; gives the results and everything the runner printed."""
    java, keytool, jars = find("java"), find("keytool"), libraries()
    with _resolver(domain, port) as resolver, tempfile.TemporaryDirectory() as folder:
        trust = pathlib.Path(folder) / "trust.p12"
        subprocess.run(
            [keytool, "-importcert", "-noprompt", "-alias", "server", "-file", certificate,
             "-keystore", trust, "-storepass", _TRUST_PASSWORD],
            check=True, capture_output=True,
        )  # fmt: skip
        properties = {
            "java.naming.provider.url": f"dns://127.0.0.1:{resolver.port}",
            "javax.net.ssl.trustStore": str(trust),
            "javax.net.ssl.trustStorePassword": _TRUST_PASSWORD,
            **_smack_properties(domain, registration=offers_registration(port, domain)),
        }
        result = subprocess.run(
            [java, *(f"-D{name}={value}" for name, value in properties.items()),
             "-cp", f"{jars}/*", MAIN],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
    return Results.parse(result.stdout), result.stdout


def _smack_properties(domain: str, *, registration: bool) -> dict[str, str]:
    """How the suite is told what to do."""
    selection = Selection.load()
    resolvers = (
        "minidns.MiniDnsResolver",
        "minidnsdox.MiniDnsDoxResolver",
        "dnsjava.DNSJavaResolver",
    )
    properties = {
        "sinttest.service": domain,
        "sinttest.securityMode": "required",
        "sinttest.replyTimeout": str(REPLY_TIMEOUT),
        # The one resolver that can be told a port, and it must not be replaced by another.
        "sinttest.dnsResolver": "javax",
        "smack.disabledClasses": ",".join(
            f"org.jivesoftware.smack.util.dns.{name}" for name in resolvers
        ),
        # Its other connections never finish a handshake of TLS 1.3, or want WebSocket.
        "sinttest.enabledConnections": "tcp",
        "sinttest.enabledTests": ",".join(selection.run),
    }
    if selection.disabled:
        properties["sinttest.disabledTests"] = ",".join(selection.disabled)
    if not registration:
        for number, name in enumerate(("One", "Two", "Three")):
            properties[f"sinttest.account{name}Username"] = f"u{number}"
            properties[f"sinttest.account{name}Password"] = "secret"
    return properties


def offers_registration(port: int, domain: str) -> bool:
    """Whether strangers may make accounts (XEP-0077 §8)."""
    header = (
        f"<stream:stream to='{domain}' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>"
    )
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        client.sendall(header.encode())
        while b"</stream:features>" not in received and (data := client.recv(65536)):
            received += data
    return _REGISTRATION in received


@contextlib.contextmanager
def _resolver(domain: str, port: int) -> Iterator[SRVServer]:
    server = SRVServer(domain, {"xmpp-client": port})
    try:
        yield server
    finally:
        server.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--domain", default="localhost")
    parser.add_argument("--certificate", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    results, output = run(arguments.port, arguments.domain, arguments.certificate)
    print(output)
    print(results)
    sys.exit(bool(results.failed) or not results.finished)


if __name__ == "__main__":
    main()

"""Sections on logging in: what is kept of clients, and who may vouch for a user."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from server.config.declare import key
from server.config.sections import Problem
from server.units import Duration

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
                    "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"]  # fmt: skip
ALGORITHMS: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA")


@dataclass(frozen=True, slots=True)
class Clients:
    """What is kept of the programs that users log in with, so that they can see and revoke them."""

    tokens: bool = key(
        True,
        """Clients may ask for a token and log in with it from then on, in one step and without the
        password (XEP-0484).""",
    )
    token_lifetime: Duration = key(
        Duration(21 * 86400),
        """How long a token is valid. A client that was away for longer needs the password.""",
        least=3600,
        most=366 * 86400,
    )
    token_rotation: Duration = key(
        Duration(86400), "How old a token grows before its client gets a new one.", least=60
    )
    keep: Duration = key(
        Duration(90 * 86400),
        """How long to remember a client that does not log in any more.""",
        least=86400,
        forever=True,
    )
    most: int = key(
        50,
        """Clients of one account; of more, those that were not seen for longest are forgotten, and
        their tokens with them.""",
        least=2,
        most=1000,
    )
    names: bool = key(True, "Keep the names of the program and of the device it runs on.")

    def problems(self) -> Iterator[Problem]:
        """A token is renewed before it ends."""
        if self.token_rotation > self.token_lifetime:
            yield "token_rotation", f"expected at most token_lifetime ({self.token_lifetime})"


@dataclass(frozen=True, slots=True)
class JWT:
    """Users may log in with a JSON Web Token instead of a password, if you name an issuer.

    Clients send it in place of the password with PLAIN, or with OAUTHBEARER (RFC 7628).
    """

    issuer: str = key(
        "",
        """Who signs: what tokens say as `iss`, such as https://id.example.org/. Empty means that no
        tokens are taken.""",
    )
    audience: str = key(
        "",
        """For whom tokens must be made: what they say as `aud`. Choose a name that no other service
        of the issuer has, or its tokens would be good here too.""",
        example='"xmpp:example.org"',
    )
    keys: str = key(
        "",
        """The issuer's public keys: a file with a PEM key or a JWK set, or the https address of a
        JWK set, which is fetched at the start and again from time to time. Whoever answers there
        must have a certificate that this machine trusts; the environment's SSL_CERT_FILE names
        another file of authorities.""",
        example='"https://id.example.org/.well-known/jwks.json"',
    )
    algorithms: tuple[Algorithm, ...] = key(
        ALGORITHMS,
        """How tokens may be signed. HS256 and its like need the issuer's secret, as a JWK of the
        type oct.""",
    )
    claim: str = key(
        "sub",
        """Which claim names the user: a name, such as anna, or an address, such as
        anna@example.org. With more than one domain it must be an address.""",
    )
    create: bool = key(
        False, "Make an account for a user who comes with a valid token and has none yet."
    )
    leeway: Duration = key(
        Duration(30), "How far the clocks of issuer and server may differ.", most=600
    )
    refresh: Duration = key(
        Duration(3600),
        """How often to read the keys again. If they cannot be read, the old ones stay good for a
        day longer.""",
        least=60,
        most=30 * 86400,
    )
    discovery: str = key(
        "",
        "Where clients learn how to get a token; told to those whose token is not valid.",
        example='"https://id.example.org/.well-known/openid-configuration"',
    )

    def problems(self) -> Iterator[Problem]:
        """An issuer alone proves nothing."""
        if self.issuer:
            for name in ("audience", "keys", "algorithms", "claim"):
                if not getattr(self, name):
                    yield name, "expected a value, as an issuer is named"
        if self.keys.startswith("http://"):
            yield "keys", "expected an https address: who can change the keys can be anybody"

"""The section `[invitations]` of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from server.config.declare import key
from server.units import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that an invitation may be good for.
LONGEST: Final = 366 * 86_400
_PLACES: Final = ("{token}", "{uri}")


@dataclass(frozen=True, slots=True)
class Invitations:
    """Links by which users invite others, to be contacts and to have accounts (XEP-0401)."""

    accounts: Literal["nobody", "admins", "users"] = key(
        "admins",
        """Whose invitations allow to make an account here, also while registration.enabled is
        false. With nobody's, and that, the server is closed; `skerry user add` always works.""",
    )
    valid_for: Duration = key(
        Duration(7 * 86400), "How long an invitation can be used.", least=60, most=LONGEST
    )
    per_account: int = key(
        50, "The most invitations of one account that have not expired, used ones too.", least=1
    )
    landing_page: str = key(
        "",
        """The web page for an invitation, told along with its link: {token} in it becomes the
        token, {uri} the link without its `xmpp:`. Nobody serves that page but you.""",
        example='"https://example.org/invite/#{uri}"',
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """A page is an HTTPS URL (XEP-0401 §5.1), and each invitation has its own."""
        page = self.landing_page
        if page and not (page.startswith("https://") and any(part in page for part in _PLACES)):
            yield "landing_page", "expected an https:// address with {token} or {uri} in it"

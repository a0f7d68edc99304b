"""The section `[encryption]` of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.config.declare import key
from server.jid import JID  # noqa: TC001 - the reader of the configuration looks at the type

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Encryption:
    """Messages that nobody on the way can read (end-to-end encryption)."""

    required: tuple[JID, ...] = key(
        (),
        """Domains, served here or elsewhere, whose users write and are written to with end-to-end
        encryption only; other messages from and to them are refused.""",
        example='["example.org"]',
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Only domains."""
        for domain in self.required:
            if not domain.is_domain:
                yield "required", f"expected a domain such as example.org, got {str(domain)!r}"

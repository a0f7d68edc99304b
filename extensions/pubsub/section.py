"""The section `[pubsub]` of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from server.config.declare import key
from server.units import Size

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class PubSub:
    """Nodes that people publish to, at their accounts and at a service for all (XEP-0060)."""

    name: str = key("pubsub", "The service is at this name below each domain.")
    create: Literal["users", "nobody"] = key(
        "users", "Who may make nodes at the service: every user of the domain, or nobody."
    )
    nodes_per_account: int = key(
        1000, "The most nodes of one account, and of one user at the service.", least=50
    )
    bytes_per_account: Size = key(
        Size(128 << 20),
        """The most that one account may store in its nodes, and again in those it has made at the
        service. Keys for encryption have an eighth more.""",
        least=1 << 20,
    )
    items_per_node: int = key(
        10_000, "The most items in one node: what `max` means to a client.", least=100
    )
    subscriptions_per_node: int = key(
        10_000, "The most subscriptions of one node, and the most affiliations.", least=10
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """The name is one label, or a few, of a domain."""
        labels = self.name.split(".")
        if not all(label and label.replace("-", "").isalnum() for label in labels):
            yield "name", f"expected a name such as pubsub, got {self.name!r}"

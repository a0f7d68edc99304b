"""Which element is legal in which phase of a client stream, and who handles it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from server.c2s import authentication, binding, encryption, registration, resumption, sasl2

if TYPE_CHECKING:
    from server.c2s.phase import Table

TABLE: Final[Table] = {
    **encryption.TABLE,
    **authentication.TABLE,
    **sasl2.TABLE,
    **registration.TABLE,
    **binding.TABLE,
    **resumption.TABLE,
}

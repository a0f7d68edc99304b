"""The refusals of RFC 6121 §2.3.3."""

from __future__ import annotations

import pytest

from server.errors import Condition, StanzaError
from server.roster import errors


@pytest.mark.parametrize(
    ("error", "condition"),
    [
        (errors.NotYourRoster(), Condition.FORBIDDEN),
        (errors.BadItem("text"), Condition.BAD_REQUEST),
        (errors.UnacceptableItem("text"), Condition.NOT_ACCEPTABLE),
        (errors.UnknownContact(), Condition.ITEM_NOT_FOUND),
        (errors.OwnAddress(), Condition.NOT_ALLOWED),
        (errors.RosterFull(10), Condition.RESOURCE_CONSTRAINT),
    ],
)
def test_each_has_its_condition_and_a_text(error: StanzaError, condition: Condition) -> None:
    assert error.condition is condition
    assert error.text

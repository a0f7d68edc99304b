"""The support table is what the code declares."""

import pytest

from extensions import support
from server.extension import XEP, Spec


def test_the_readme_holds_the_table() -> None:
    text = support.README.read_text("utf-8")
    assert support.insert(text) == text, "run: python -m extensions.support --write"


def test_rows() -> None:
    specs = (Spec("RFC 6121", "XMPP: IM"), XEP(199, "XMPP Ping", "2.0.1", "partial", "why"))
    assert support.table(specs).splitlines()[2:] == [
        "| [RFC 6121](https://www.rfc-editor.org/rfc/rfc6121) | XMPP: IM |  | complete |",
        "| [XEP-0199](https://xmpp.org/extensions/xep-0199.html) | XMPP Ping | 2.0.1"
        " | partial: why |",
    ]


def test_every_specification_is_declared_once_and_every_xep_with_its_version() -> None:
    names = [spec.name for spec in support.declared()]
    assert len(set(names)) == len(names)
    assert all(spec.version for spec in support.declared() if spec.name.startswith("XEP"))
    assert all(spec.status in ("complete", "partial") for spec in support.declared())


def test_a_readme_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="support:begin"):
        support.insert("# Skerry\n")

"""The hash over what we offered: the example of XEP-0474 §6.3."""

from __future__ import annotations

from server.sasl.downgrade import advertised_hash, version_text


def test_example_of_xep_0474() -> None:
    value = advertised_hash(
        "sha1", ("SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"), ("tls-server-end-point", "tls-exporter")
    )
    assert value == "G6k/rBLDqgOhRRaCuuatSDFkJ08="


def test_order_does_not_matter_but_content_does() -> None:
    one = advertised_hash("sha256", ("A", "B"), ("x", "y"))
    assert one == advertised_hash("sha256", ("B", "A"), ("y", "x"))
    assert one != advertised_hash("sha256", ("A", "B"), ("x",))
    assert one != advertised_hash("sha256", ("A", "B"), ())


def test_version_text() -> None:
    assert version_text(0x0304) == "0304"
    assert version_text(0x0303) == "0303"

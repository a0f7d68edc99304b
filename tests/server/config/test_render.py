"""The configuration written out."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from server.config import CORE, key, load
from server.config.declare import describe
from server.config.render import effective, example_file


def test_the_example_changes_nothing_when_its_keys_are_uncommented(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text(re.sub("^#(?=[a-z])", "", example_file(), flags=re.MULTILINE))
    read, default = load(path), load(environ={})
    assert list(read.sections()) == list(default.sections())


def test_every_key_is_explained_and_has_an_example_that_is_valid(tmp_path: Path) -> None:
    for name, kind in CORE.items():
        for field in fields(kind):
            key = describe(field)
            assert key.doc.endswith("."), f"{name}.{field.name}"
            if key.example:
                path = tmp_path / "server.toml"
                path.write_text(f"[{name}]\n{field.name} = {key.example}")
                load(path)


def test_what_is_in_force_can_be_read_again(tmp_path: Path) -> None:
    overrides: dict[str, dict[str, object]] = {
        "server": {"domains": ["example.org"]},
        "limits": {"idle_timeout": "forever"},
    }
    config = load(overrides=overrides)
    path = tmp_path / "server.toml"
    path.write_text(effective(config))
    assert list(load(path).sections()) == list(config.sections())


def test_brief_shows_only_what_differs() -> None:
    config = load(overrides={"limits": {"rate": "0"}}, environ={"SKERRY_DATA": "/srv"})
    assert effective(config, brief=True) == '[server]\ndata = "/srv"\n\n[limits]\nrate = "0"\n'


@dataclass(frozen=True, slots=True)
class Vault:
    """A room with a secret."""

    word: str = key("", "What opens it.", secret=True)


def test_secrets_are_not_printed() -> None:
    rooms = {"extensions.vault": Vault}
    text = effective(load(rooms=rooms, overrides={"extensions.vault": {"word": "hunter2"}}))
    assert "hunter2" not in text
    assert tomllib.loads(text)["extensions"]["vault"]["word"] == "(secret)"

"""Loading a configuration."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from server.config import Config, ConfigError, key, load


@dataclass(frozen=True, slots=True)
class Songs:
    """A room of its own."""

    loud: bool = key(False, "Whether they are sung loudly.")


def write(folder: Path, text: str) -> Path:
    path = folder / "server.toml"
    path.write_text(text)
    return path


def test_no_file_gives_a_safe_server() -> None:
    config = load(environ={})
    assert config.server.domains == ("localhost",)
    assert config.tls.require
    assert not config.registration.enabled
    assert config.data == Path("~/.local/share/skerry").expanduser()


def test_an_empty_file_is_like_none(tmp_path: Path) -> None:
    with_file, without = load(write(tmp_path, ""), environ={}), load(environ={})
    assert list(with_file.sections()) == list(without.sections())


def test_the_data_folder_comes_from_the_nearest_word(tmp_path: Path) -> None:
    environ = {"SKERRY_DATA": "/srv/from-environment"}
    named = write(tmp_path, '[server]\ndata = "here"')
    assert load(environ=environ).data == Path("/srv/from-environment")
    assert load(named, environ=environ).data == tmp_path / "here"
    override = {"server": {"data": "/srv/from-command-line"}}
    assert load(named, environ=environ, overrides=override).data == Path("/srv/from-command-line")


def test_other_paths_start_at_the_data_folder(tmp_path: Path) -> None:
    path = write(tmp_path, '[server]\ndata = "/srv"\n[tls]\ncertificates = "/etc/certs"')
    config = load(path)
    assert config.database == Path("/srv/skerry.sqlite")
    assert config.certificates == Path("/etc/certs")


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "[limits]\nmax_depth = 20\nmax_attributes = 20")
    config = load(path, overrides={"limits": {"max_depth": 30}})
    assert (config.limits.max_depth, config.limits.max_attributes) == (30, 20)


def test_rooms_declare_sections_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path, "[extensions.songs]\nloud = true")
    config = load(path, rooms={"extensions.songs": Songs})
    assert config.room(Songs).loud
    assert not Config().room(Songs).loud


def test_a_room_nobody_declared_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such section"):
        load(write(tmp_path, "[extensions.dances]\nloud = true"), rooms={"extensions.songs": Songs})


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(Path("/nonexistent/server.toml"))

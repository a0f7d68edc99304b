"""Every extension is listed, named, and started after those it requires."""

import importlib
import pkgutil

import extensions
from extensions.registry import ALL
from server.extension import Extension


def test_names_are_unique() -> None:
    names = [extension.name for extension in ALL]
    assert len(set(names)) == len(names)


def test_who_is_required_starts_first() -> None:
    started: set[str] = set()
    for extension in ALL:
        assert set(extension.requires) <= started, extension.name
        started.add(extension.name)


def test_none_is_forgotten() -> None:
    for module in pkgutil.iter_modules(extensions.__path__, "extensions."):
        importlib.import_module(module.name)
    ours = {
        kind for kind in Extension.__subclasses__() if kind.__module__.startswith("extensions.")
    }
    assert ours == set(ALL)

"""The rules of the house that a program can check."""

import ast
import importlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from extensions import support
from server import rooms
from server.config.render import example_file
from server.extension import Extension

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("server", "extensions", "federation")
BANNED = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
LONGEST = 400
ENTRANCES = {"__init__", "__main__"}


def sources(*folders: str) -> list[Path]:
    """Every Python file below these folders, as a path from the root."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(path.relative_to(ROOT) for path in found)


def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text("utf-8"))


OURS = sources(*ROOMS)
ALL = [*OURS, *sources("tests", "interop")]


def test_every_module_says_what_it_is() -> None:
    assert not [str(path) for path in ALL if not ast.get_docstring(tree(path))]


def test_names_say_what_is_inside() -> None:
    named = {path: {part.removesuffix(".py") for part in path.parts} for path in ALL}
    assert not [str(path) for path, names in named.items() if names & BANNED]


def test_no_module_takes_a_name_of_the_standard_library() -> None:
    taken = sys.stdlib_module_names - ENTRANCES
    assert not [str(path) for path in OURS if path.stem in taken]


def test_no_pattern_has_a_possessive_group() -> None:
    """Python before 3.11.5, which Debian 12 has, matches them wrongly."""
    group = re.compile(r"(?<!\()\)(?:[*+?]|\{[\d,]+\})\+|\(\?>")
    assert group.search("(ab)*+")
    assert not group.search("[^()*+]*+")
    assert not [str(path) for path in OURS if group.search((ROOT / path).read_text("utf-8"))]


def test_modules_are_small() -> None:
    """When one is not: ask what second thing hides in it."""
    sizes = {str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path in OURS}
    assert not {path: size for path, size in sizes.items() if size > LONGEST}


def test_a_room_is_explained_in_a_few_minutes() -> None:
    readmes = [path for room in ROOMS for path in (ROOT / room).rglob("README.md")]
    sizes = {str(path): len(path.read_text("utf-8").splitlines()) for path in readmes}
    assert not {path: size for path, size in sizes.items() if size > 150}


def test_every_folder_with_python_is_a_package() -> None:
    folders = sorted({path.parent for path in ALL})
    assert not [str(each) for each in folders if not (ROOT / each / "__init__.py").exists()]


def test_types_are_shipped() -> None:
    assert not [room for room in ROOMS if not (ROOT / room / "py.typed").exists()]


def is_mirrored(path: Path) -> bool:
    """Whether a test file stands for a module or a package of the same place and name."""
    name = path.stem.removeprefix("test_")
    place = ROOT / Path(*path.parts[1:-1])
    return (place / f"{name}.py").exists() or (place / name).is_dir() or name == place.name


def test_tests_mirror_the_sources() -> None:
    tests = sources(*(f"tests/{room}" for room in ROOMS))
    assert not [str(p) for p in tests if p.name.startswith("test_") and not is_mirrored(p)]


def test_sql_stands_in_stores_only() -> None:
    """Anywhere else it would escape the suite that runs over both databases."""
    statement = re.compile(r"(SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET) ")
    strays = [
        str(path)
        for path in OURS
        if path.name != "store.py" and "storage" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if statement.match(node.value.strip())
    ]
    assert not strays


def third_party(path: Path) -> set[str]:
    """The packages outside the house and the standard library that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - set(ROOMS)


def test_what_is_imported_is_asked_for() -> None:
    """In pyproject.toml, under its own name: what another library brings along may go with it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = project["dependencies"] + [r for name in extras if name != "test" for r in extras[name]]
    names = {re.split(r"[^\w-]", each)[0].lower().replace("-", "_") for each in asked}
    imported = {name.lower() for path in OURS for name in third_party(path)}
    spelled = {"openssl": "pyopenssl", "dns": "dnspython", "jwt": "pyjwt"}
    assert not {spelled.get(name, name) for name in imported} - names


def test_the_example_configuration_is_what_the_code_says() -> None:
    """When this fails: `skerry config --example > conf/server.toml`."""
    assert (ROOT / "conf/server.toml").read_text("utf-8") == example_file(rooms.sections())


def test_the_support_table_is_what_the_code_says() -> None:
    """When this fails: `python -m extensions.support --write`."""
    text = (ROOT / "README.md").read_text("utf-8")
    assert text == support.insert(text)


def extensions() -> list[type[Extension]]:
    """Every extension there is, by importing every module of their folder."""
    for path in sources("extensions"):
        importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
    return sorted(
        (kind for kind in subclasses(Extension) if kind.__module__.startswith("extensions.")),
        key=lambda kind: kind.__module__,
    )


def subclasses(kind: type[Extension]) -> Iterator[type[Extension]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_extensions_declare_what_they_are() -> None:
    for kind in extensions():
        assert kind.name, kind
        assert kind.specs, f"{kind.name} names no specification"
        for spec in kind.specs:
            assert spec.status in {"complete", "partial"}, f"{kind.name}: {spec}"
            assert spec.version or not spec.name.startswith("XEP"), f"{kind.name}: {spec}"


def test_extensions_have_names_and_modules_of_their_own() -> None:
    found = extensions()
    names = [kind.name for kind in found]
    modules = [kind.__module__ for kind in found]
    assert len(set(names)) == len(names)
    assert len(set(modules)) == len(modules), "one extension a module"


def test_what_an_extension_requires_exists() -> None:
    found = extensions()
    names = {kind.name for kind in found}
    assert not [
        (kind.name, set(kind.requires) - names) for kind in found if set(kind.requires) - names
    ]

"""What every test of this project gets."""

import functools
import inspect
import os
import sys

import pytest
from hypothesis import HealthCheck, settings

from tests.harness.backend import BACKENDS, backends
from tests.harness.coroutines import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]

# What commands print is compared: it looks the same wherever tests run.
for _name in ("CLICOLOR_FORCE", "FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS", "TERMINAL_WIDTH"):
    os.environ.pop(_name, None)
os.environ["COLUMNS"] = "80"

_OPENERS = (
    "tests.harness.house",
    "tests.extensions.stage",
    "tests.server.storage.pair",
    "tests.server.test_administration",
)

# Examples differ from run to run, except where nobody could tell why a run has failed. How long one
# takes says nothing on a busy machine.
_ANYWHERE = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.register_profile("quick", _ANYWHERE, max_examples=50)
settings.register_profile("deep", _ANYWHERE, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the caller choose the database."""
    parser.addoption(
        "--backend",
        choices=BACKENDS,
        default="sqlite",
        help="the database of all tests that use one; with postgresql only those are run",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take note of the choice."""
    backends.chosen = config.getoption("--backend")
    if backends.chosen == "postgresql":
        # What is started as a process of its own (`interop/instance.py`).
        os.environ.setdefault("INTEROP_VARIANT", "postgresql")


def pytest_unconfigure() -> None:
    """End what was started for the tests."""
    backends.close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Another database makes a difference only to tests that use one."""
    if backends.chosen == "sqlite":
        return
    using = [item for item in items if _uses_a_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(using)])
    items[:] = using


def _uses_a_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("every_backend") is not None:
        return True
    if "open_database" in getattr(item, "fixturenames", ()):
        return True
    module = item.getparent(pytest.Module)
    return module is not None and _leads_to_a_database(module.obj.__name__)


@functools.cache
def _leads_to_a_database(name: str) -> bool:
    """Whether a module of tests opens databases itself, or knows another that does."""
    if name in _OPENERS:
        return True
    module = sys.modules.get(name)
    known = {
        value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", "")
        for value in vars(module).values()
    }
    return any(
        _leads_to_a_database(other)
        for other in known
        if other != name and str(other).startswith("tests.") and other in sys.modules
    )

"""What every test of this project gets."""

import os

import pytest
from hypothesis import settings

from tests.harness.backend import BACKENDS, backends
from tests.harness.coroutines import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]

settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("deep", max_examples=2000, deadline=None)
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


def pytest_unconfigure() -> None:
    """End what was started for the tests."""
    backends.close()

"""A fresh server for each module, and the table at the end."""

import os
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("interop.capabilities")

from interop.instance import Instance  # noqa: E402 - after the assertions are rewritten
from interop.matrix import Matrix  # noqa: E402

_MATRIX = pytest.StashKey[Matrix]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MATRIX] = Matrix()


@pytest.fixture(scope="session")
def matrix(pytestconfig: pytest.Config) -> Matrix:
    """Where the tests write down what worked."""
    return pytestconfig.stash[_MATRIX]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A server of the module's own."""
    instance = Instance(tmp_path_factory.mktemp("server"))
    try:
        try:
            instance.start()
        except RuntimeError as error:
            pytest.fail(str(error), pytrace=False)
        yield instance
    finally:
        instance.stop()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    matrix = config.stash[_MATRIX]
    if not (text := matrix.render()):
        return
    terminalreporter.section("clients and capabilities")
    terminalreporter.write_line(text)
    # Of two runs at the same time the one that asks every client keeps its table. With
    # `-p no:cacheprovider` nobody does.
    if os.environ.get("INTEROP_VARIANT"):
        return
    if (cache := getattr(config, "cache", None)) is not None:
        matrix.save(cache.mkdir("interop") / "matrix.json")

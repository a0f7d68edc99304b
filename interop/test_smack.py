"""Smack's integration tests, the suite that the XSF recommends to servers."""

import pytest

from interop.instance import Instance
from interop.matrix import Matrix
from interop.programs import Unavailable, find
from interop.scenario import leave_out
from interop.smack import runner
from interop.smack.results import Results
from interop.smack.selection import Selection, classes_in


@pytest.fixture(scope="module")
def libraries() -> None:
    try:
        find("keytool")
        runner.libraries()
    except Unavailable as reason:
        leave_out(str(reason))


def test_every_test_class_is_listed(libraries: None) -> None:
    (jar,) = runner.libraries().glob("smack-integration-test-*.jar")
    selection = Selection.load()
    listed = {*selection.run, *(name for name in selection.left_out if "." not in name)}
    assert listed == classes_in(jar)


def test_smack(libraries: None, server: Instance, matrix: Matrix) -> None:
    results, output = runner.run(server.ports["c2s"], server.domain, server.certificate)
    left_out = len(Selection.load().left_out)
    matrix.suite("Smack", f"{results}, {left_out} left out (interop/smack/tests.txt)")
    assert results.finished, output[-4000:]
    assert not results.failed, _explain(results, output)
    assert results.passed


def _explain(results: Results, output: str) -> str:
    """The failures, and the paragraphs they stand for."""
    specifications = output.partition("correspond to the following specifications:")[2]
    failures = [f"{name}: {reason}" for name, reason in results.failed.items()]
    return "\n".join([*failures, specifications.strip()])

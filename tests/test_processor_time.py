"""The budget of processor time that each test has."""

import pytest

from tests.conftest import REPOSITORY

_TESTS = """
import pytest, time

def burn():
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass

@pytest.fixture
def slow():
    burn()

def test_over(): burn()
def test_fixture_over(slow): pass
def test_waits(): time.sleep(0.4)
@pytest.mark.proof
def test_proof(): burn()
"""


def test_test_over_its_budget_fails_unless_marked_proof(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    pytester.makeini("[pytest]\nprocessor_seconds = 0.2\nmarkers = proof: long")
    pytester.makepyfile(_TESTS)
    ended = pytester.runpytest_subprocess("-p", "tests.processor_time", "-p", "no:xdist", "--slowest=1")
    ended.assert_outcomes(passed=3, failed=1)
    ended.stdout.fnmatch_lines(["took 0.* s of processor time, more than 0.2 s: make it smaller, or mark it `proof`*"])
    ended.stdout.fnmatch_lines(["*setup, call, teardown: *", "*::test_*"])

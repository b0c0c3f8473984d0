"""The processor time of each test, including its processes, and a budget that keeps the suite quick.

Belongs here: measures of every test. Wall time says little on a shared machine, processor time does.
"""

import os
from collections.abc import Generator
from typing import Any

import pytest

_PHASES = ("setup", "call", "teardown")


def _seconds() -> float:
    """Returns the processor time of this process so far, and of ended children that it waited for."""
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measures the fixtures of a test."""
    return (yield from _measured(item, "setup"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measures a test, and fails it if it exceeds its budget."""
    result = yield from _measured(item, "call")
    took = float(str(dict(item.user_properties)["call"]))
    budget = float(item.config.getini("processor_seconds"))
    if took > budget and not (item.get_closest_marker("proof") or item.get_closest_marker("live")):
        pytest.fail(
            f"took {took:.1f} s of processor time, more than {budget:g} s: make it smaller, or mark it `proof` and leave"
            " a shorter test of its kind beside it",
            pytrace=False,
        )
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measures the teardown of the fixtures of a test."""
    return (yield from _measured(item, "teardown"))


def _measured(item: pytest.Item, phase: str) -> Generator[None, Any, Any]:
    began = _seconds()
    try:
        return (yield)
    finally:
        item.user_properties.append((phase, _seconds() - began))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option of the summary, and the budget."""
    parser.addini("processor_seconds", "Processor time that a test may take, without its fixtures.", default="25")
    parser.addoption("--slowest", type=int, default=0, help="Print so many tests of the most processor time.")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints the slowest tests, and the sum over all."""
    found: dict[str, dict[str, float]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if properties := dict(getattr(report, "user_properties", ())):
                found.setdefault(report.nodeid, {}).update(properties)
    if not (number := config.getoption("slowest")):
        return
    terminalreporter.section("processor time")
    sums = [sum(each.get(phase, 0) for each in found.values()) for phase in _PHASES]
    terminalreporter.write_line("setup, call, teardown: " + ", ".join(f"{each:.0f} s" for each in sums))
    for nodeid, each in sorted(found.items(), key=lambda pair: -sum(pair[1].values()))[:number]:
        terminalreporter.write_line(" ".join(f"{each.get(phase, 0):7.2f}" for phase in _PHASES) + f"  {nodeid}")

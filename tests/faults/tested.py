"""Rows whose faults the tests inject: the same tests, run and counted as rows of the table.

Belongs here: the mapping of tests to rows. A skipped test is reported as skipped and not counted.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

from tests.conftest import REPOSITORY
from tests.faults.table import Extent, Found, Row

_HTTP, _PAGING, _DRIFT = (
    "tests/integration/test_http_pull.py",
    "tests/integration/test_paging.py",
    "tests/unit/assets/test_schema_drift.py",
)


def tested(extent: Extent, files: str, chosen: str) -> Found:
    """Runs the tests of some files that an expression selects."""
    present = [file for file in files.split() if (REPOSITORY / file).exists()]
    found = Found(skipped=[f"needs {file}" for file in files.split() if file not in present])
    if not present:
        return found
    extent.progress("tests", 0, 1)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-n", "1", "-m", "", f"--junitxml={report}", *present]
        done = subprocess.run(
            [*command, *(["-k", chosen] if chosen else [])], cwd=REPOSITORY, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if not report.exists():
            found.hit(f"pytest: {done.stdout[-300:]}{done.stderr[-300:]}")
            return found
        _count(ET.parse(report), found)  # noqa: S314 - pytest's own
    if not found.points and not found.skipped:
        found.failures.append(f"no test of {files} is chosen by {chosen!r}")
    extent.progress("tests", 1, 1)
    return found


def _count(report: "ET.ElementTree[ET.Element]", found: Found) -> None:
    for case in report.iter("testcase"):
        name = case.get("name", "")
        skipped, failed = case.find("skipped"), [*case.iter("failure"), *case.iter("error")]
        if skipped is not None:
            found.skipped.append(f"{name}: {skipped.get('message', '')[:60]}")
        else:
            found.hit(f"{name}: {(failed[0].get('message') or '')[:300]}" if failed else None)


def _row(number: int, fault: str, holds: str, files: str, chosen: str = "") -> Row:
    run: Callable[[Extent], Found] = partial(tested, files=files, chosen=chosen)
    return Row(number, fault, holds, run)


def read(extent: Extent) -> Found:
    """Runs readers of every kind, one as another user, while the file is published repeatedly."""
    found = Found()
    publishes = max(extent.points * 5, 10) if extent.points else 200
    command = [sys.executable, "-m", "tests.faults.readers", "--publishes", str(publishes)]
    extent.progress("readers", 0, 1)
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if "is not installed" in done.stderr:
        return Found(skipped=["needs `make readers`"])
    found.points = publishes
    if done.returncode:
        found.failures.append(done.stderr[-300:])
    found.notes.append(done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "")
    return found


ROWS = (
    Row(6, "readers during publishes (7: of another uid)", "no errors, none torn, none back", read),
    _row(10, "an older day published after a newer one", "the newest stays newest", "tests/integration/test_publishing.py", "older_day"),
    _row(11, "connection cut at every byte × 5 framings", "never landed as complete", _HTTP, "cut_at_every_byte"),
    _row(12, "slow drip; endless body", "ends at the deadline", _HTTP, "drip or endless or minimum_rate or silence"),
    _row(13, "429/503 with Retry-After", "≤ 60 s, ≤ 5 tries, then a clear failure", _HTTP, "retry_after or not_begun"),
    _row(14, "500 then OK; 401, 403, 404", "transient retried, permanent not", _HTTP, "may_pass or will_not_pass or no_answer"),
    _row(15, "redirects, private addresses", "no secret leaks; refused unless allowed", _HTTP, "redirect or another_host or private"),
    _row(16, "paging in circles, empty, twice", "found, capped, deduplicated", _PAGING, "circle or empty or records_have or given_again or cap"),
    _row(17, "ETag: 304, same tag other body, 206", "the hash decides", _HTTP, "unchanged or one_tag or have_changed or nothing_changed or half_an"),
    _row(18, "login page as 200, JSON as CSV, empty", "refused, raw kept", _HTTP, "no_export_is_refused"),
    _row(19, "bombs, one 512 MB field, zip-slip", "refused at a cap; nothing outside", f"{_DRIFT} {_HTTP}", "archive or enormous or bomb"),
    _row(20, "columns added, dropped, renamed, retyped", "additive kept, breaking fails", _DRIFT, "added_or_moved or breaks or twice or delimiter"),
    _row(24, "hostile names", "refused or escaped", "tests/unit/assets/test_hostile_text.py"),
    _row(25, "a secret canary", "0 hits", f"tests/integration/test_secrets.py {_HTTP}", "secret"),
    _row(26, "lock holder stopped, then resumed", "others time out clearly; the resumed is fenced", "tests/integration/test_publishing.py", "stood_still or taken_away"),
    _row(28, "old drivers 1.0.0 … 2.0.0", "all open the published file", "tests/integration/test_readers.py"),
)  # fmt: skip

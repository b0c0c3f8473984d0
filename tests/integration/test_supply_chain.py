"""Dependencies of smallvoices: known and accepted licences, and an audit that fails without results."""

from typing import Any

import pytest

from deploy import audit, licences


def test_every_locked_package_is_listed_with_an_accepted_licence() -> None:
    listed, pinned, installed = licences.listed(), licences.pinned(), licences.installed()
    assert len(pinned) > 80
    assert {name: listed.get(name) for name in installed} == installed, "make licences"
    assert not listed.keys() - pinned.keys(), "make licences"
    # Packages that are not installed here are for other systems only.
    assert all("win32" in pinned[name] for name in pinned.keys() - listed.keys())
    assert licences.unfit(listed) == {}


@pytest.mark.parametrize(
    "licence, is_fit",
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("BSD-3-Clause AND 0BSD AND MIT", True),
        ("Apache Software License; BSD License", True),
        ("MIT AND GPL-3.0-only", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("AGPL-3.0-or-later", False),
        ("UNKNOWN", False),
        ("", False),
    ],
)
def test_restrictive_or_unknown_licence_is_rejected(licence: str, is_fit: bool) -> None:  # noqa: FBT001 - a case
    assert licences.unfit({"it": licence}) == ({} if is_fit else {"it": licence})


ASKED = {"name": "a", "version": "1", "vulns": []}
KNOWN = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2.1"]}]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (3)"}


@pytest.mark.parametrize(
    "packages, code, told",
    [
        ([ASKED], audit.SOUND, "1 of 1 packages looked up, 0 known vulnerabilities"),
        ([ASKED, KNOWN], audit.VULNERABLE, "b 2: PYSEC-2026-1, mended in 2.1"),
        ([KNOWN, SKIPPED], audit.VULNERABLE, "not audited: c; run it where the advisories of PyPI can be reached"),
        ([ASKED, SKIPPED], audit.NOT_DONE, "1 of 2 packages looked up, 0 known vulnerabilities"),
        ([], audit.NOT_DONE, "not audited: nothing was found to audit; run it where"),
    ],
)
def test_audit_without_results_fails(packages: list[dict[str, Any]], code: int, told: str) -> None:
    found, lines = audit.judged({"dependencies": packages})
    assert found == code
    assert told in "\n".join(lines)

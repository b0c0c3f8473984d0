"""Known vulnerabilities of the locked packages: `make audit`.

Belongs here: distinguishing "none known" from "not looked up": pip-audit succeeds in both cases. Does not: finding
them, which pip-audit does with the advisories of PyPI.

Exit codes: 0 every package was looked up and none has a known vulnerability; 1 some has; 3 not all could be looked up.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_LOCK = Path(__file__).resolve().parent / "requirements.lock"
SOUND, VULNERABLE, NOT_DONE = 0, 1, 3
_SHOWN = 5


def judged(document: dict[str, Any]) -> tuple[int, list[str]]:
    """Evaluates a report of pip-audit.

    Args:
        document: The report, in its JSON format.

    Returns:
        The exit code, and lines with the reasons.
    """
    packages = document["dependencies"]
    known = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none'}"
        for package in packages
        for found in package.get("vulns", [])
    ]
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    asked = len(packages) - len(skipped)
    lines = [*known, f"{asked} of {len(packages)} packages looked up, {len(known)} known vulnerabilities"]
    if skipped or not packages:
        more = f" and {len(skipped) - _SHOWN} more" if len(skipped) > _SHOWN else ""
        lines.append(
            f"not audited: {', '.join(skipped[:_SHOWN]) or 'nothing was found to audit'}{more}; "
            "run it where the advisories of PyPI can be reached"
        )
    return (VULNERABLE if known else NOT_DONE if skipped or not packages else SOUND), lines


def main() -> int:
    """Audits the lock, and prints the result."""
    command = [
        sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-r", str(_LOCK), "--format", "json",
        "--progress-spinner", "off",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own lock
    try:
        code, lines = judged(json.loads(done.stdout))
    except ValueError:
        code, lines = NOT_DONE, [f"not audited: {' '.join(done.stderr.split()[-40:])}"]
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

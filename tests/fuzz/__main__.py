"""`make fuzz`: every target for its share of the time, and a table of what came of it.

    python -m tests.fuzz --seconds 600 [--target csv]…

The corpus grows in build/fuzz/, from the invented broken files on; finds are left there too, and make the exit code 1.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.fuzz.inputs import TARGETS, seeds

_FOLDER = Path("build/fuzz")
_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_COVERED = re.compile(r"cov: (\d+)")
# libFuzzer's own limit for one input, for what hangs without using the processor.
_HANGS_AFTER = 30


def main() -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="left out: all")
    options = parser.parse_args()
    targets = options.target or [*TARGETS]
    finds = 0
    print(f"{'target':10} {'inputs':>8} {'branches':>8}  finds", flush=True)
    for target in targets:
        finds += _fuzz(target, max(1, options.seconds // len(targets)))
    return 1 if finds else 0


def _fuzz(target: str, seconds: int) -> int:
    """Runs one target; returns the number of finds."""
    corpus, found = _FOLDER / target / "corpus", _FOLDER / target / "finds"
    shutil.rmtree(found, ignore_errors=True)
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds(target).items():
        (corpus / name).write_bytes(content)
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.fuzz.targets", target, str(corpus), f"-max_total_time={seconds}",
            f"-timeout={_HANGS_AFTER}", f"-artifact_prefix={found}/", "-print_final_stats=1", "-max_len=8192", "-rss_limit_mb=4096",
        ],
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    (_FOLDER / target / "log").write_text(done.stdout + done.stderr, encoding="utf-8")
    finds = sorted(found.iterdir())
    runs, covered = _RUNS.findall(done.stderr), _COVERED.findall(done.stderr)
    why = re.findall(r"Uncaught Python exception: ===\n(.*)", done.stdout + done.stderr) if finds else []
    print(
        f"{target:10} {(runs or ['?'])[-1]:>8} {(covered or ['?'])[-1]:>8}  "
        + (
            ", ".join(map(str, [*finds, *why])) or "none"
            if done.returncode == 0 or finds
            else f"died, see {_FOLDER / target / 'log'}"
        ),
        flush=True,
    )
    return len(finds) + (done.returncode != 0 and not finds)


if __name__ == "__main__":
    sys.exit(main())

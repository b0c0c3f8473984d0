"""The documentation: links resolve, commands exist, and the site needs no external resources."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown import markdown

from deploy.mathml import MathError
from pipelines.cli import main
from schemas.settings import POSTGRES, Settings
from tests.conftest import REPOSITORY

PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
# Pages that are linked before they are written.
AWAITED: set[Path] = set()
IDS = [str(page.relative_to(REPOSITORY)) for page in PAGES]


def prose(page: Path) -> str:
    """Returns a page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Returns the anchors of a page's headings, as GitHub and the site create them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_resolve_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / unquote(path)).resolve() if path else page
        assert file.exists() != (file in AWAITED), f"{target}: missing, or written and still in AWAITED"
        assert not anchor or anchor in anchors(file), target


def test_site_pages_link_within_the_site() -> None:
    for page in (REPOSITORY / "docs").rglob("*.md"):
        assert "](../" not in prose(page) or page.parent.name == "decisions", page


def code(page: Path) -> str:
    """Returns the code of a page, blocks and spans, one per line."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", prose(page))])


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_documented_commands_targets_and_settings_exist(page: Path) -> None:
    text = code(page)
    commands = set(re.findall(r"^(?:\.venv/bin/)?smallvoices ([a-z]+)", text, re.MULTILINE))
    assert commands <= set(main.commands)
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z][a-z-]*[a-z])", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"SMALLVOICES_[A-Z_]*[A-Z]\b", text)) <= {*Settings.variables(), POSTGRES}


def test_documented_paths_exist() -> None:
    named = {
        (page.name, path)
        for page in PAGES
        for path in re.findall(r"`((?:assets|deploy|docs|lint|pipelines|schemas|tests)/[\w./-]*)`", prose(page))
    }
    assert sorted(each for each in named if not (REPOSITORY / each[1]).exists()) == []


def test_site_builds_and_loads_no_external_resources(tmp_path: Path) -> None:
    for name in ("docs", "deploy"):
        shutil.copytree(REPOSITORY / name, tmp_path / name)
    shutil.copy(REPOSITORY / "zensical.toml", tmp_path)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list((tmp_path / "build/docs").rglob("*.html"))
    assert len(pages) > len(list((REPOSITORY / "docs").rglob("*.md")))
    for page in pages:
        html = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|link|source)\b[^>]*?(?:src|href)=\"?((?:https?:)?//[^\" >]+)", html)
        assert loaded == [], page.name
    (tmp_path / "docs/index.md").write_text("# Start\n\n[gone](gone.md)\n", encoding="utf-8")
    assert subprocess.run(command, cwd=tmp_path, check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    "text,expected",
    [
        (r"of $\tau^2$ here", "<msup><mi>τ</mi><mn>2</mn></msup>"),
        ("$$\nv = \\frac{a}{b}\n$$", '<math display="block"'),
        ("costs $5 and $6", "<p>costs $5 and $6</p>"),
        ("`${NAME}` and `$x$`", "<code>${NAME}</code> and <code>$x$</code>"),
    ],
)
def test_formulas_are_converted_to_mathml(text: str, expected: str) -> None:
    assert expected in markdown(text, extensions=["deploy.mathml"])


@pytest.mark.parametrize("text", [r"$\nosuchcommand{x}$", r"$\left( a$", r"$a & b$"])
def test_unsupported_tex_is_an_error(text: str) -> None:
    with pytest.raises(MathError, match=r"can(not)? be shown"):
        markdown(text, extensions=["deploy.mathml"])

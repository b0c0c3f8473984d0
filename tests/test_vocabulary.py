"""The vocabulary lint: refused phrases, checked files, and a list of exceptions that only shrinks."""

import pytest

from lint import vocabulary
from lint.vocabulary import Hit, hits, problems


@pytest.mark.parametrize(
    "path,text,expected",
    [
        ("a.md", "Ratios are held against norms.\n", [(1, "held against")]),
        ("a.md", "One line.\nWhat is left\naside stays.\n", [(2, "left aside")]),
        ("a.py", "x = 1\n# dates are let go\n# of here\n", [(2, "let go # of")]),
        ("a.sql", "-- what it is told\nSELECT 1;\n", [(1, "told")]),
        ("a.py", "def _told(told_by): ...\n", [(1, "told"), (1, "told")]),
        ("a.py", '"""Whether it is there."""\n', [(1, '"""Whether')]),
        ("a.md", '"""Whether it is there."""\n', []),
        ("a.md", "It toldered; the threshold holds; compare with it.\n", []),
    ],
)
def test_phrases_are_found_with_their_line(path: str, text: str, expected: list[tuple[int, str]]) -> None:
    assert [(hit.line, hit.phrase) for hit in hits(path, text)] == expected


def test_files_not_yet_clean_are_skipped_until_clean() -> None:
    hit = Hit("pipelines/a.py", 3, "told", "reported")
    assert problems([hit], ["pipelines/*"]) == []
    assert problems([hit], []) == ["pipelines/a.py:3: 'told'; write reported"]
    (stale,) = problems([hit], ["pipelines/*", "assets/*"])
    assert stale.startswith("assets/* is clean now")


def test_the_repository_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert vocabulary.main([]) == 0, capsys.readouterr().out

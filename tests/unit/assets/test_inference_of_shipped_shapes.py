"""Exports of shipped shapes, inferred without them: the result agrees with the shape, or is ambiguous."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.inference import inference
from assets.reading.formats import UnreadableFileError
from schemas.shape import Records, Shape
from schemas.shape_file import shipped
from tests.conftest import REPOSITORY
from tests.factories.inferred_exports import read

FIXTURES = REPOSITORY / "tests/fixtures"
EXPORTS = REPOSITORY.parent / "shared" / "exports"
FIGURES: dict[Records, tuple[str, ...]] = {
    "profiles": (
        "platform", "profile_id", "handle", "followers", "following", "posts_count", "avg_likes", "avg_comments",
        "avg_engagement", "avg_shares", "avg_views", "reported_engagement_ratio",
    ),
    "posts": ("post_id", "profile_id", "handle", "likes", "comments", "shares", "saves", "views", "posted_at"),
}  # fmt: skip
# Under 30 records of a few synthetic figures; the real ones are larger.
SHIPPED = [(shape, path) for shape in shipped() for path in sorted((FIXTURES / shape.name).glob("profiles.*"))]
REAL = [
    ("yoo_2018", "yoo_2018/influencers.csv"),
    ("top_1000_instagram", "top_1000_dec_2022/instagram.csv"),
    ("top_1000_tiktok", "top_1000_dec_2022/tiktok.csv"),
    ("top_1000_youtube", "top_1000_dec_2022/youtube.csv"),
    ("ranking_site_instagram", "top_instagram_200/instagram_influencers_raw.csv"),
    ("ranking_site_instagram_fraction", "top_instagram_200/with_newlines_and_fractions.csv"),
    ("tides_tiktok", "tiktok_creators/tiktok_influencers.csv"),
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, Shape], Shape | None]:
    """Infers an export without the shapes; None if it is ambiguous."""

    def infer(path: Path, shape: Shape) -> Shape | None:
        monkeypatch.setattr(inference, "shipped", tuple)
        try:
            proposal = inference.infer(path, platform=shape.platform, names=("export",)).proposal
        except UnreadableFileError:
            return None
        return proposal.shape if proposal.is_decided else None

    return infer


def differing(records: Records, path: Path, shape: Shape, other: Shape) -> list[tuple[int, str, Any, Any]]:
    """Returns (record, column, by the shape, as inferred) of every figure that differs."""
    found = []
    key = "post_id" if records == "posts" else "handle"
    pairs = zip(*([row for row in read(path, one, records) if row.get(key)] for one in (shape, other)), strict=True)
    for number, (first, second) in enumerate(pairs, start=1):
        for name in FIGURES[records]:
            one, two = first.get(name), second.get(name)
            if one is not None and two is not None and one != (pytest.approx(two) if isinstance(two, float) else two):
                found.append((number, name, one, two))
    return found


@pytest.mark.parametrize("shape, path", SHIPPED, ids=[shape.name for shape, _ in SHIPPED])
def test_inference_agrees_with_shipped_shapes(
    told: Callable[[Path, Shape], Shape | None], shape: Shape, path: Path
) -> None:
    inferred = told(path, shape)
    if inferred is None:
        return
    for records in FIGURES:
        if shape.selection(records) and inferred.selection(records):
            assert differing(records, path, shape, inferred) == []


@pytest.mark.skipif(not EXPORTS.is_dir(), reason="the real exports (../shared/exports) are not here")
@pytest.mark.parametrize("name, file", REAL, ids=[name for name, _ in REAL])
def test_inference_agrees_with_shapes_on_real_exports(
    told: Callable[[Path, Shape], Shape | None], name: str, file: str
) -> None:
    shape = next(shape for shape in shipped() if shape.name == name)
    inferred = told(EXPORTS / file, shape)
    assert inferred is not None
    assert inferred.profiles is not None
    assert shape.profiles is not None
    taken, wanted = set(inferred.profiles.select), set(shape.profiles.select)
    assert taken >= wanted & set(FIGURES["profiles"]) - {"platform"}
    assert differing("profiles", EXPORTS / file, shape, inferred) == []

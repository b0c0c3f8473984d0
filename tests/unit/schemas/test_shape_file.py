"""Errors in shape files: one line each, with the file, the key, the canonical column and the allowed values."""

import re
from pathlib import Path

import pytest

from schemas.shape import ShapeError
from schemas.shape_file import available, load

KEYS = (
    "like, description, format, delimiter, encoding, header_line, sheet, decimal, thousands, date_order, platform, "
    "profiles, posts"
)
PLATFORMS = "facebook, instagram, linkedin, pinterest, snapchat, threads, tiktok, twitch, x, youtube"
OWN = "…/own.yaml: "


def mistake(folder: Path, text: str | bytes) -> str:
    """Returns the error of `load` for a user-defined shape, in one line, without the line number."""
    (folder / "own.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ShapeError) as refused:
        load("own", folder)
    told = str(refused.value)
    assert "\n" not in told
    return re.sub(r"own\.yaml:\d+: ", "own.yaml: ", told).replace(str(folder), "…")


@pytest.mark.parametrize("name", available(Path("none")))
def test_every_shipped_shape_is_valid(name: str, tmp_path: Path) -> None:
    shape = load(name, tmp_path)
    assert shape.name == name
    assert shape.description.endswith(".")


def test_unknown_shape_lists_known_shapes_and_the_file_to_create(tmp_path: Path) -> None:
    with pytest.raises(ShapeError) as refused:
        load("nope", tmp_path)
    assert str(refused.value) == (
        f"no shape 'nope'; allowed: {', '.join(available(tmp_path))}, or a file {tmp_path}/nope.yaml"
    )


@pytest.mark.parametrize(
    "shape, told",
    [
        ("description: [", "not YAML: "),
        ("description: D\ndescription: E", "description: twice in one mapping, in line 1 and line 2; allowed: once"),
        (b"description: \xff", "cannot be read: "),
        ("", "must be a mapping with "),
        ("- a", "must be a mapping with "),
        ("profiles: {columns: [f]}", "description: Field required; allowed: one or two sentences"),
        ("description: D", "needs profiles, posts, or both"),
    ],
)
def test_invalid_shape_file_is_reported(tmp_path: Path, shape: str | bytes, told: str) -> None:
    assert mistake(tmp_path, shape).startswith(OWN + told)


@pytest.mark.parametrize(
    "key, told",
    [
        ("color: red", f"color: unknown key; allowed: {KEYS}"),
        ("name: own", f"name: unknown key; allowed: {KEYS}"),
        ("format: pdf", "format: Input should be 'csv', 'ndjson', 'json', 'parquet' or 'xlsx'; allowed: "),
        ("delimiter: ';;'", "delimiter: String should have at most 1 character; allowed: one character"),
        ("delimiter: '\"'", "delimiter: '\"' is not allowed; allowed: one character"),
        ('delimiter: "\\n"', "delimiter: '\\n' is not allowed; allowed: one character"),
        ("encoding: klingon", "encoding: 'klingon' is not allowed; allowed: a text encoding that Python knows"),
        ("encoding: base64", "encoding: 'base64' is not allowed; allowed: a text encoding that Python knows"),
        ("decimal: ';'", "decimal: Input should be '.' or ','; allowed: "),
        ("thousands: '.'", "thousands: '.' is not allowed; allowed: "),
        ("date_order: YDM", "date_order: Input should be 'YMD', 'DMY' or 'MDY'; allowed: YMD, DMY or MDY"),
        ("platform: myspace", f"platform: 'myspace' is not allowed; allowed: one of {PLATFORMS}"),
    ],
)
def test_invalid_shape_value_is_reported(tmp_path: Path, key: str, told: str) -> None:
    shape = f"description: D\nprofiles: {{columns: [handle, followers]}}\n{key}"
    assert mistake(tmp_path, shape).startswith(OWN + told)


@pytest.mark.parametrize(
    "profiles, told",
    [
        ("{colums: [f]}",
         "profiles.colums: unknown key; did you mean columns? allowed: columns, optional, records, nested, in_profiles_file, where, refuse, select"),
        ("{columns: f}", "profiles.columns: Input should be a valid list"),
        ("{columns: [f, g, F]}", "profiles: column 'F' is named twice, in whatever case"),
        ("{columns: [f], nested: g}", "profiles: only posts can be nested"),
        ("{columns: [f], select: {follower: count_of(f)}}",
         "profiles.select.follower: no canonical column; did you mean followers? allowed: platform, profile_id, handle, "),
        ("{columns: [f], select: {source: \"'x'\"}}",
         "profiles.select.source: no canonical column; allowed: platform, profile_id, handle, "),
        ("{columns: [followers]}",
         "profiles.select: nothing fills profile_id or handle, without which no record is accepted; say which column"),
        ("{columns: [handle]}", "profiles.select: nothing fills followers, without which no record is accepted"),
        ("{columns: [handle, f], select: {followers: 'count_of(f'}}", "profiles.select.followers: Parser Error: "),
        ("{columns: [handle, f], select: {followers: count_of(g)}}",
         "profiles.select.followers: no column 'g'; allowed: handle, f, as in columns and optional"),
        ("{columns: [handle, f], select: {followers: counts_of(f)}}",
         "profiles.select.followers: no macro or function 'counts_of'; did you mean count_of? docs/shapes.md has the macros"),
        ("{columns: [handle, f], select: {followers: \"DATE '2020-01-01'\"}}",
         "profiles.select.followers: Conversion Error: "),
        ("{columns: [handle, f], select: {followers: CAST(f AS BIGINT)}}",
         "profiles.select.followers: Conversion Error: Could not convert string '?' to INT64"),
        ("{columns: [handle, followers], select: {price: \"ratio_of(followers, 'percents')\"}}",
         "profiles.select.price: Invalid Input Error: ratio_of: unit must be 'fraction' or 'percent'"),
        ("{columns: [handle, followers], select: {price: \"number_of(followers, 'dozens')\"}}",
         "profiles.select.price: Invalid Input Error: unit must be 'thousands', 'millions' or 'billions'"),
        ("{columns: [handle, followers], select: {captured_at: \"time_of(followers, 'YDM')\"}}",
         "profiles.select.captured_at: Invalid Input Error: date_order must be 'YMD', 'DMY' or 'MDY'"),
        ("{columns: [handle, followers]}\nposts: {columns: [post_id, posted_at, handle], nested: ps, select: {likes: likes_of(hearts)}}",
         "posts.select.likes: no column 'hearts'; allowed: post_id, posted_at, handle, as in columns and optional"),
        ("{columns: [handle, followers]}\nposts: {columns: [post_id, handle]}",
         "posts.select: nothing fills posted_at, without which no record is accepted"),
        ("{columns: [handle, followers], records: data}", "profiles.records: only where format is json or ndjson"),
        ("{columns: [handle, followers], where: follower > 1}", "profiles.where: no column 'follower'; did you mean followers? allowed: "),
        ("{columns: [handle, followers], refuse: {gone: \"state = 'x'\"}}",
         "profiles.refuse.gone: no column 'state'; allowed: "),
        ("{columns: [handle, followers]}\nformat: json\nposts: {columns: [post_id, posted_at, handle], nested: a, records: b}",
         "posts: nested and records: one lies in each profile, one in the file; leave one out"),
        ("{columns: [handle, followers], records: a..b}\nformat: json",
         "profiles: 'a..b' is no path; allowed: keys joined by points, \"in quotes\" where they hold one"),
        ("{columns: [handle, followers, a, a.b]}\nformat: json",
         "profiles: 'a.b' lies within another column, or holds one; leave one out"),
        ("{columns: [handle, followers, a.b, A.c]}\nformat: json",
         "profiles: 'A.c' contradicts another column at 'A'; leave one out"),
    ],
)  # fmt: skip
def test_columns_and_expressions_are_checked_before_pulling(tmp_path: Path, profiles: str, told: str) -> None:
    assert mistake(tmp_path, f"description: D\nprofiles: {profiles}").startswith(OWN + told)


@pytest.mark.parametrize(
    "text, line, told",
    [
        ("description: D\nprofiles:\n  columns: [handle, f]\n  select:\n    followers: count_of(g)\n",
         5, "profiles.select.followers: no column 'g'; "),
        ("description: D\n\ncolor: red\nprofiles: {columns: [handle, followers]}\n", 3, "color: unknown key; "),
        ("description: D\nprofiles:\n  columns: [handle, followers, Handle]\n", 2, "profiles: column 'Handle' is named"),
        ("description: D\nprofiles:\n  columns: [handle, followers]\nplatform: myspace\n", 4, "platform: 'myspace' is"),
        ("like: smallvoices\nprofiles:\n  select:\n    price: number_of(cost)\n", 4, "profiles.select.price: no column 'cost'; "),
        ("like: smalvoices\n", 1, "like: no shape 'smalvoices'; "),
    ],
)  # fmt: skip
def test_error_is_reported_with_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ShapeError) as refused:
        load("own", tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}/own.yaml:{line}: {told}")


def test_error_in_a_derived_shape_is_reported_with_its_own_lines(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "like: smallvoices\nprofiles: {nested: posts}\ndescription: D\n", encoding="utf-8"
    )
    with pytest.raises(ShapeError) as refused:
        load("own", tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}/own.yaml:2: profiles: only posts can be nested")
    (tmp_path / "own.yaml").write_text("like: smallvoices\nthousands: '.'\n", encoding="utf-8")
    with pytest.raises(ShapeError) as refused:
        load("own", tmp_path)
    assert str(refused.value).startswith(f"{tmp_path}/own.yaml:2: thousands: '.' is not allowed; ")

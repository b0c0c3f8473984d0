"""Errors in sources.yaml: one line each, with the file, the source, the key and the allowed values."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from assets.landing.dates import DateError, on_disk, parse, yesterday
from schemas.config.source import SourcesFile
from schemas.config.sources_file import SourcesError, load
from schemas.settings import Settings

KEYS = (
    "name, shape, url, posts_url, platform, history, required, carry_days, max_quarantine_share, min_rows_share, "
    "headers, params, body, paging, storage, limits, allow_private, ca_file, end_marker"
)
URL = "a path, glob or an address (file, http, https, s3, gs, az); {date} stands for the snapshot date"
PLATFORMS = "facebook, instagram, linkedin, pinterest, snapchat, threads, tiktok, twitch, x, youtube"


def mistake(folder: Path, text: str | bytes) -> str:
    """Returns the error of `load` for a sources.yaml, without the file's name and line at its start."""
    path = folder / "sources.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(SourcesError) as refused:
        load(path)
    told = str(refused.value)
    assert "\n" not in told
    told = re.sub(rf"^{re.escape(str(path))}(:\d+)?: ", "", told).replace(str(folder), "…")
    return re.sub(r"own\.yaml:\d+: ", "own.yaml: ", told)


def test_missing_file_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(SourcesError) as refused:
        load(tmp_path / "no.yaml")
    assert str(refused.value) == f"{tmp_path}/no.yaml: no such file; say where it is with --sources FILE"


@pytest.mark.parametrize(
    "text, told",
    [
        ("sources: [", "not YAML: "),
        ("a: b: c", "not YAML: "),
        (b"\xff\xfe\x00", "cannot be read: "),
        ("sources:\n- name: a\n\tshape: b", "not YAML: line 3: a tab where blanks belong; use blanks"),
        ("sources:\n- name: \ta", "not YAML: line 2: a tab where blanks belong; use blanks"),
        (
            "sources: [{name: a, shape: auto, url: x, platform: Instgram}]",
            f"source 'a': platform: 'Instgram' is not allowed; did you mean instagram? allowed: {PLATFORMS}, or a column",
        ),
        (
            "sources: [{name: a, shape: smallvoice, url: x}]",
            "source 'a': shape: no shape 'smallvoice'; did you mean smallvoices? allowed: ",
        ),
        (
            "sources:\n- {name: a, shape: smallvoices, url: x}\nsources: []",
            "sources: twice in one mapping, in line 1 and line 3; allowed: once",
        ),
        (
            "sources:\n- name: a\n  url: x\n  shape: smallvoices\n  url: y",
            "url: twice in one mapping, in line 3 and line 5; allowed: once",
        ),
        ("", "sources: must be a list of at least one source"),
        ("- a", "sources: must be a list of at least one source"),
        ("source: [{name: a}]", "source: unknown key; did you mean sources? allowed: metrics, "),
        (
            "sources:\n- {name: a, shape: smallvoices, url: x/{date}.csv}",
            "not YAML: line 2: expected ',' or '}', but got '{'; put a text with { in it in quotes",
        ),
        (
            "sources:\n- name: a\n  url: {date}.csv",
            "not YAML: line 3: expected <block end>, but found '<scalar>'; put a text with { in it in quotes",
        ),
        (
            "sources: [{name: a, shape: yoo_2018, url: x, platform: instagramm}]",
            "source 'a': platform: 'instagramm' is not allowed; did you mean instagram? allowed: ",
        ),
        ("metrics: {}", "sources: must be a list of at least one source"),
        ("sources: []", "sources: must be a list of at least one source"),
        ("sources: {name: a}", "sources: must be a list of at least one source"),
        ("sources: [x]", f"source 1: must be a mapping with the keys {KEYS}"),
        (
            "sources: [{name: a, shape: smallvoices, url: x}, {1: 2}]",
            f"source 2: must be a mapping with the keys {KEYS}",
        ),
        (
            "sources: [{name: a, shape: smallvoices, url: x}]\nsource: b",
            "source: unknown key; did you mean sources? allowed: metrics, notify, publish_contacts, publish_to, segments, sources",
        ),
    ],
)
def test_file_without_a_list_of_sources_is_reported(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert mistake(tmp_path, text).startswith(told)


@pytest.mark.parametrize(
    "entry, told",
    [
        ("{name: a, shape: smallvoices, url: x, uri: y}", f"uri: unknown key; did you mean url? allowed: {KEYS}"),
        ("{name: a, shape: smallvoices}", f"url: missing; allowed: {URL}"),
        ("{name: a, shape: smallvoices, url: [x]}", f"url: ['x'] is not allowed; allowed: {URL}"),
        ("{name: a, shape: smallvoices, url: ''}", f"url: '' is not allowed; allowed: {URL}"),
        ("{name: a, shape: 5, url: x}", "shape: 5 is not allowed; allowed: the name of a shape, or auto"),
        ("{name: a, shape: smallvoices, url: x, carry_days: soon}",
         "carry_days: 'soon' is not allowed; allowed: a whole number from 0 to 30"),
        ("{name: a, shape: smallvoices, url: x, carry_days: 31}",
         "carry_days: 31 is not allowed; allowed: a whole number from 0 to 30"),
        ("{name: a, shape: smallvoices, url: x, required: perhaps}",
         "required: 'perhaps' is not allowed; allowed: true or false"),
        ("{name: a, shape: smallvoices, url: x, max_quarantine_share: 5%}",
         "max_quarantine_share: '5%' is not allowed; allowed: a number from 0 to 1"),
        ("{name: a, shape: smallvoices, url: x, max_quarantine_share: .nan}",
         "max_quarantine_share: nan is not allowed; allowed: a number from 0 to 1"),
        ("{name: a, shape: smallvoices, url: x, history: old}",
         "history: 'old' is not allowed; allowed: dated or current"),
        ("{name: a, shape: smallvoices, url: 'ftp://x.org/y.csv'}",
         "url: ftp:// is not allowed; allowed: a path, file://, http://, https://, s3://, gs:// or az://"),
        ("{name: a, shape: smallvoices, url: x, posts_url: 's3:///y'}",
         "posts_url: there is no host or bucket in it; allowed: a path, file://, http://, https://, s3://, gs:// or az://"),
        ("{name: a, shape: yoo_2018, url: x, posts_url: y}",
         "posts_url: shape yoo_2018 has no posts of their own; leave it out"),
        ("{name: a, shape: apify_instagram, url: x, posts_url: y}",
         "posts_url: shape apify_instagram has no posts of their own; leave it out"),
        ("{name: a, shape: smallvoices, url: x, platform: Instagram}",
         f"platform: 'Instagram' is not allowed; did you mean instagram? allowed: {PLATFORMS}, or a column of shape smallvoices"),
    ],
)  # fmt: skip
def test_invalid_value_is_reported(tmp_path: Path, entry: str, told: str) -> None:
    assert mistake(tmp_path, f"sources: [{entry}]") == f"source 'a': {told}"


@pytest.mark.parametrize("name", ["A b", "a-b", "", "ä", "../a", "a" * 61])
def test_source_name_must_be_valid_for_folders_and_assets(tmp_path: Path, name: str) -> None:
    told = mistake(tmp_path, f"sources: [{{name: '{name}', shape: smallvoices, url: x}}]")
    assert told == f"source {name!r}: name: {name!r} is not allowed; allowed: up to 60 of a-z, 0-9 and _"


def test_source_without_a_name_is_reported_by_position(tmp_path: Path) -> None:
    told = mistake(tmp_path, "sources: [{shape: smallvoices, url: x}]")
    assert told == "source 1: name: missing; allowed: up to 60 of a-z, 0-9 and _"


def test_source_names_are_unique(tmp_path: Path) -> None:
    entry = "{name: a, shape: smallvoices, url: x}"
    told = mistake(tmp_path, f"sources: [{entry}, {entry}]")
    assert told == "source 'a': name: used twice; allowed: a name of its own"


@pytest.mark.parametrize(
    "metrics, told",
    [
        ("{window_days: 1}", "window_days: 1 is not allowed; allowed: a whole number from 7 to 730"),
        ("{x: 1}", "x: unknown key; allowed: window_days, settle_days, sample_posts, interval_z"),
        ("[1]", "[1] is not allowed; allowed: a mapping of window_days, settle_days, sample_posts, interval_z"),
    ],
)
def test_invalid_metrics_are_reported(tmp_path: Path, metrics: str, told: str) -> None:
    entry = "{name: a, shape: smallvoices, url: x}"
    assert mistake(tmp_path, f"sources: [{entry}]\nmetrics: {metrics}") == f"metrics: {told}"


@pytest.mark.parametrize(
    "segments, told",
    [
        ("[[contry, sector]]", "['contry', 'sector'] is not allowed; did you mean country? allowed: "),
        ("[[country]]", "['country'] is not allowed; allowed: "),
        ("[[country, country]]", "['country', 'country'] is not allowed; allowed: "),
        ("[[1, country]]", "[1, 'country'] is not allowed; allowed: "),
        ("[country]", "'country' is not allowed; allowed: "),
        ("country", "'country' is not allowed; allowed: a list of lists of two or more of "),
    ],
)
def test_invalid_segments_are_reported(tmp_path: Path, segments: str, told: str) -> None:
    entry = "{name: a, shape: smallvoices, url: x, platform: instagram}"
    assert mistake(tmp_path, f"sources: [{entry}]\nsegments: {segments}").startswith(f"segments: {told}")


@pytest.mark.parametrize(
    "shape, told",
    [
        ("posts: {columns: [post_id, posted_at, handle]}", "shape: own has no profiles; allowed: a shape with profiles"),
        ("profiles: {columns: [f]}", "shape: …/shapes/own.yaml: profiles.select: nothing fills followers"),
        ("profiles: {columns: [handle, followers]}",
         f"platform: missing, and shape own does not say it; allowed: {PLATFORMS}, or a column of the export"),
    ],
)  # fmt: skip
def test_shape_without_ranking_columns_is_reported(tmp_path: Path, shape: str, told: str) -> None:
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "own.yaml").write_text(f"description: D\n{shape}")
    assert mistake(tmp_path, "sources: [{name: a, shape: own, url: a.csv}]").startswith(f"source 'a': {told}")


def dated(folder: Path, url: str, *files: str) -> SourcesFile:
    """Writes a folder with these files and a sources.yaml with this url."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    address = url.replace("HERE", str(folder))
    (folder / "sources.yaml").write_text(f"sources: [{{name: a, shape: smallvoices, url: '{address}'}}]")
    return load(folder / "sources.yaml")


@pytest.mark.parametrize(
    "url, files",
    [
        ("e/{date}.csv", ["e/2026-10-01.csv", "e/2026-10-02.csv", "e/2026-13-45.csv", "e/2199-01-01.csv"]),
        ("{date}/x.csv", ["2026-10-02/x.csv", "2026-10-03/y.csv"]),
        ("{date}/x-{date}.csv", ["2026-10-02/x-2026-10-02.csv", "2026-10-03/x-2026-10-02.csv"]),
        ("x-{date}-{date}.csv", ["x-2026-10-02-2026-10-02.csv"]),
        ("2020-01-01/{date}.csv", ["2020-01-01/2026-10-02.csv"]),
        ("e/*-{date}_*.csv", ["e/p-2026-10-02_1.csv"]),
        ("file://HERE/e/{date}.csv", ["e/2026-10-02.csv"]),
        ("file://HERE/an%20e/{date}.csv", ["an e/2026-10-02.csv"]),
    ],
)
def test_newest_date_on_disk_is_found_at_any_position(tmp_path: Path, url: str, files: list[str]) -> None:
    sources = dated(tmp_path, url, *files)
    assert on_disk(sources, Settings(tmp_path, sources.path))[-1] == date(2026, 10, 2)


@pytest.mark.parametrize("url", ["e/{date}.csv", "e/all.csv"])
def test_missing_dated_file_names_the_option(tmp_path: Path, url: str) -> None:
    sources = dated(tmp_path, url, "e/all.csv")
    with pytest.raises(DateError) as refused:
        on_disk(sources, Settings(tmp_path, sources.path))
    assert str(refused.value) == (
        f"{sources.path}: no source has a file with a {{date}} in its path; give dates as YYYY-MM-DD"
    )


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20261002", "2026-10-2", "yesterday", "2015-12-31", "2999-01-01", "٢٠٢٦-١٠-٠١"]
)
def test_invalid_date_names_the_valid_range(tmp_path: Path, text: str) -> None:
    with pytest.raises(DateError) as refused:
        parse(text, Settings(tmp_path, tmp_path))
    assert str(refused.value) == (
        f"date {text!r} is not allowed; allowed: YYYY-MM-DD, as in {yesterday()} (yesterday, UTC: the newest day that "
        "is over), from 2016-01-01 on"
    )
    assert parse(str(yesterday()), Settings(tmp_path, tmp_path)) + timedelta(days=0) == yesterday()


@pytest.mark.parametrize(
    "keys, told",
    [
        ("url: 'https://[x/y.csv'", "url: there is no host or bucket in it; allowed: a path, file://, "),
        ("url: 'https://x:99999/{date}'", "url: there is no host or bucket in it; allowed: a path, file://, "),
        ("url: 'https://me:hunter2@x.org/{date}'",
         "url: a user or password in it is not allowed; allowed: headers with ${NAME}"),
        ("url: 'https://x.org/{date}?api_key=hunter2'",
         "url: api_key: a secret is not written here; allowed: ${NAME}, a variable of the environment"),
        ("url: 'https://x.org/{date}', headers: {Authorization: Bearer hunter2}",
         "headers.Authorization: a secret is not written here; allowed: ${NAME}, a variable of the environment"),
        ("url: 'https://x.org/{date}', headers: {X-Api-Key: hunter2}",
         "headers.X-Api-Key: a secret is not written here; allowed: ${NAME}, a variable of the environment"),
        ("url: 'https://x.org/{date}', params: {access_token: hunter2}",
         "params.access_token: a secret is not written here; allowed: ${NAME}, a variable of the environment"),
        ("url: 's3://x/{date}', storage: {secret_access_key: hunter2}",
         "storage.secret_access_key: a secret is not written here; allowed: ${NAME}, a variable of the environment"),
        ("url: 'https://x.org/{date}', headers: {'a b': c}",
         "headers: 'a b' is not allowed; allowed: a header name, and a text of one line"),
        ("url: 'https://x.org/{date}', headers: {a: \"b\\r\\nc: d\"}",
         "headers: 'a' is not allowed; allowed: a header name, and a text of one line"),
        ("url: 'https://x.org/{date}', headers: [a]",
         "headers: ['a'] is not allowed; allowed: a mapping of names to texts; secrets as ${NAME}"),
        ("url: x, headers: {a: b}", "headers: only for http:// and https:// addresses; leave it out"),
        ("url: x, paging: {kind: page}", "paging: only for http:// and https:// addresses; leave it out"),
        ("url: 'https://x.org/{date}', storage: {region: b}",
         "storage: only for s3://, gs:// and az:// addresses; leave it out"),
        ("url: 'https://x.org/y'",
         "history: 'dated' is not allowed without {date} in url, params or body, since such an address offers only "),
        ("url: 'https://x.org/{date}', paging: {}", "paging.kind: missing; allowed: cursor, next_link, link_header, page or offset"),
        ("url: 'https://x.org/{date}', paging: {kind: scroll}",
         "paging.kind: 'scroll' is not allowed; allowed: cursor, next_link, link_header, page or offset"),
        ("url: 'https://x.org/{date}', paging: {kind: cursor, param: c}",
         "paging.next: missing; allowed: a path into the answer, as in meta.next (cursor, next_link)"),
        ("url: 'https://x.org/{date}', paging: {kind: cursor, next: c}",
         "paging.param: missing; allowed: the parameter that takes the cursor, page number or offset"),
        ("url: 'https://x.org/{date}', paging: {kind: link_header, next: c}",
         "paging.next: kind link_header does not use it; leave it out"),
        ("url: 'https://x.org/{date}', paging: {kind: page, pages: 5}",
         "paging.pages: unknown key; did you mean max_pages? allowed: kind, next, param, value, start, size, records, has_more, total, max_pages"),
        ("url: 'https://x.org/{date}', paging: {kind: page, max_pages: 0}",
         "paging.max_pages: 0 is not allowed; allowed: a whole number from 1 to 1000000"),
        ("url: x, limits: {max_bytes: 1 GB}", "limits.max_bytes: '1 GB' is not allowed; allowed: a whole number over 0"),
        ("url: x, limits: {deadline_minutes: .inf}",
         "limits.deadline_minutes: inf is not allowed; allowed: a number over 0, up to 1440"),
        ("url: x, limits: {per_minute: 5}",
         "limits.per_minute: unknown key; did you mean requests_per_minute? allowed: requests_per_minute, deadline_minutes, connect_seconds, "),
        ("url: x, limits: 5", "limits: 5 is not allowed; allowed: a mapping of requests_per_minute, deadline_minutes, "),
    ],
)  # fmt: skip
def test_invalid_pull_options_are_reported(tmp_path: Path, keys: str, told: str) -> None:
    assert mistake(tmp_path, f"sources: [{{name: a, shape: smallvoices, {keys}}}]").startswith(f"source 'a': {told}")


@pytest.mark.parametrize(
    "address, told",
    [
        ("5", "must be an address, or a variable that holds one"),
        ("hooks.example/x", "must be an address, or a variable that holds one"),
        ("file:///tmp/x", "must be an address, or a variable that holds one"),
        ("https://user:word@hooks.example/x", "has a secret written out; name a variable"),
        ("https://hooks.example/services/T00/B00/nightingale7nightingale", "has a secret written out; name a variable"),
        ("https://hooks.example/x?key=nightingale7nightingale", "has a secret written out; name a variable"),
    ],
)  # fmt: skip
def test_invalid_webhook_or_literal_secret_is_reported(tmp_path: Path, address: str, told: str) -> None:
    said = mistake(tmp_path, f"notify: {address}\nsources: [{{name: a, shape: smallvoices, url: x}}]")
    assert said == f"notify: {told}; allowed: https://HOST/PATH/${{NAME}}, or ${{NAME}} alone"


@pytest.mark.parametrize(
    "address",
    [
        "https://hooks.example/services/${SLACK}",
        "${HOOK}",
        "http://relay.internal:8080/smallvoices-failures-of-the-night",
    ],
)
def test_webhook_may_name_its_secret(tmp_path: Path, address: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(f"notify: {address}\nsources: [{{name: a, shape: smallvoices, url: x}}]", encoding="utf-8")
    assert load(path).notify == address


@pytest.mark.parametrize(
    "text, line, told",
    [
        ("sources:\n- name: a\n  shape: smallvoices\n  url: x\n\n  carry_day: 3\n",
         6, "source 'a': carry_day: unknown key; did you mean carry_days? allowed: name, "),
        (("sources:\n- {name: a, shape: smallvoices, url: x}\n- name: b\n  shape: smallvoices\n"
         "  url: https://x.org/{date}\n  limits:\n    max_byte: 3\n"),
         7, "source 'b': limits.max_byte: unknown key; did you mean max_bytes? allowed: requests_per_minute, "),
        ("sources:\n- {name: a, shape: smallvoices, url: x}\nmetrics:\n  window: 30\n",
         4, "metrics: window: unknown key; did you mean window_days? allowed: window_days, "),
        ("notfy: x\nsources:\n- {name: a, shape: smallvoices, url: x}\n",
         1, "notfy: unknown key; did you mean notify? allowed: metrics, "),
        ("sources:\n- {name: a, shape: smallvoices, url: x, zzz: 1}\n",
         2, "source 'a': zzz: unknown key; allowed: name, "),
        ("x-all: &all {carry_day: 1}\nsources:\n- {<<: *all, name: a, shape: smallvoices, url: x}\n",
         1, "x-all: unknown key; allowed: metrics, "),
        # Keys from a YAML merge are reported at the source that has them.
        ("sources:\n- {<<: {carry_day: 1}, name: a, shape: smallvoices, url: x}\n",
         2, "source 'a': carry_day: unknown key; did you mean carry_days? allowed: name, "),
        ("sources:\n- name: a\n  shape: smallvoices\n  url: x\n  carry_days: 99\n",
         5, "source 'a': carry_days: 99 is not allowed; "),
        ("sources:\n- shape: smallvoices\n  name: a\n", 2, "source 'a': url: missing; "),
        ("sources:\n- name: a\n  shape: smalvoices\n  url: x\n", 3, "source 'a': shape: no shape 'smalvoices'; "),
        ("sources:\n- name: a\n  shape: auto\n  url: x\n  platform: insagram\n",
         5, "source 'a': platform: 'insagram' is not allowed; did you mean instagram? "),
        ("sources:\n- name: a\n  shape: smallvoices\n  url: https://x.org/{date}\n  headers:\n    X-Api-Key: hunter2\n",
         6, "source 'a': headers.X-Api-Key: a secret is not written here; "),
        ("sources:\n- {name: a, shape: smallvoices, url: x}\n- {name: a, shape: smallvoices, url: x}\n",
         3, "source 'a': name: used twice; "),
        ("sources:\n- {name: a, shape: smallvoices, url: x}\n\nsegments:\n- [sector, country]\n- [sector, town]\n",
         6, "segments: ['sector', 'town'] is not allowed; "),
        ("sources:\n- {name: a, shape: smallvoices, url: x}\npublish_contacts: please\n",
         3, "publish_contacts: 'please' is not allowed; "),
        ("sources:\n- {name: a, shape: smallvoices, url: x}\n- 5\n", 3, "source 2: must be a mapping"),
        ("sources: []\n", 1, "sources: must be a list of at least one source"),
    ],
)  # fmt: skip
def test_error_is_reported_with_its_line(tmp_path: Path, text: str, line: int, told: str) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourcesError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}:{line}: {told}")


@pytest.mark.parametrize("text, is_published", [("yes", True), ("true", True), ("off", False), ("No", False)])
def test_yaml_1_1_booleans_are_accepted(tmp_path: Path, text: str, is_published: bool) -> None:  # noqa: FBT001
    path = tmp_path / "sources.yaml"
    path.write_text(f"publish_contacts: {text}\nsources: [{{name: a, shape: auto, url: x}}]", encoding="utf-8")
    assert load(path).publish_contacts is is_published

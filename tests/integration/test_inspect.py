"""`smallvoices inspect` and `shape: auto`: any container, encoding and format, through the real import."""

import gzip
import io
import json
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.importing.importing import NothingToPublishError, import_date
from assets.inference.inference import infer
from assets.landing import store
from assets.reading.encodings import encoding_of
from assets.reading.formats import UnreadableFileError
from assets.storage.lake import Lake
from schemas.config import sources_file
from schemas.settings import Settings
from tests.conftest import REPOSITORY
from tests.factories.command import Command
from tests.factories.inferred_exports import rows

DAY = date(2026, 10, 30)
CSV = """username,name,followers,avg_likes,avg_comments,engagement_rate
kiln_days,Kiln Däys,12000,480,24,4.2
oat_rider,Öat,3400,204,10.2,6.3
loom_lane,Loøm,800,80,8,11
"""
FIRST = {
    "handle": "kiln_days",
    "followers": 12_000,
    "avg_likes": 480.0,
    "reported_engagement_ratio": pytest.approx(0.042),
}


def zipped(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def spreadsheet() -> bytes:
    book = openpyxl.Workbook()
    notes = book.active
    assert notes is not None
    notes.title = "Notes"
    notes.append(["Shortlist of the spring"])
    sheet = book.create_sheet("Creators")
    sheet.append(["Creators of the spring"])
    sheet.append([])
    for line in CSV.splitlines():
        sheet.append([float(cell) if cell.replace(".", "").isdigit() else cell for cell in line.split(",")])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def parquet() -> bytes:
    packed = io.BytesIO()
    pl.read_csv(CSV.encode()).write_parquet(packed)
    return packed.getvalue()


def documents() -> list[dict[str, object]]:
    return pl.read_csv(CSV.encode()).to_dicts()


FILES = {
    "utf8": CSV.encode(),
    "byte_order_mark": CSV.encode("utf-8-sig"),
    "utf16": CSV.encode("utf-16"),
    "utf16_without_mark": CSV.encode("utf-16-le"),
    "cp1252": CSV.encode("cp1252"),
    "mac_roman": CSV.encode("mac_roman"),
    "crlf": CSV.replace("\n", "\r\n").encode(),
    "cr_only": CSV.replace("\n", "\r").encode(),
    "semicolons": CSV.replace(",", ";").encode(),
    "tabs": CSV.replace(",", "\t").encode(),
    "bars": CSV.replace(",", "|").encode(),
    "quoted": "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in CSV.splitlines()).encode(),
    "preamble": b"Creators of the spring\n,,,,,\n\n" + CSV.encode(),
    "multi_line_header": CSV.replace("avg_likes", '"avg\nlikes"', 1).encode(),
    "gzip": gzip.compress(CSV.encode()),
    "zstd": pa.compress(CSV.encode(), codec="zstd", asbytes=True),
    "spreadsheet": spreadsheet(),
    "parquet": parquet(),
    "json_array": json.dumps(documents(), indent=1).encode(),
    "json_lines": "\n".join(json.dumps(document) for document in documents()).encode(),
    "json_within": json.dumps({"meta": {"page": 1, "tags": [{"x": 1}]}, "data": {"items": documents()}}).encode(),
    "json_by_id": json.dumps({document["username"]: document for document in documents()}).encode(),
    "json_nested": json.dumps([{"user": {"username": d["username"]}, "stats": {"followers": d["followers"], "avgLikes": d["avg_likes"], "avgComments": d["avg_comments"]}, "engagement": {"rate": d["engagement_rate"]}} for d in documents()]).encode(),
    "json_gzip": gzip.compress(json.dumps(documents()).encode()),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_file_format_is_detected_from_bytes(tmp_path: Path, kind: str) -> None:
    found = rows(tmp_path, FILES[kind], "export.bin")
    assert len(found) == 3
    assert {key: found[0][key] for key in FIRST} == FIRST
    if kind != "json_nested":
        assert [row["display_name"] for row in found] == ["Kiln Däys", "Öat", "Loøm"]


class Source:
    """One source of `shape: auto` in its own folder, landed and imported."""

    def __init__(self, folder: Path, files: dict[str, bytes], extra: str = "platform: instagram") -> None:
        (folder / "in").mkdir()
        for name, content in files.items():
            (folder / "in" / name).write_bytes(content)
        path = folder / "sources.yaml"
        path.write_text(f"sources: [{{name: team, shape: auto, url: 'in/*', {extra}}}]", encoding="utf-8")
        self.settings = Settings(home=folder / "home", sources_file=path)
        self.loaded = sources_file.load(path)
        (source,) = self.loaded.sources
        self.manifest = store.land(
            source, self.loaded.shape(source), DAY, landing=self.settings.landing, folder=folder, force=False
        )

    def imported(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Returns the import report and the accepted profiles."""
        assert self.manifest.state == "complete", self.manifest.message
        report = import_date(self.settings, self.loaded, DAY, "test")
        assert report.select(
            (pl.col("landed") == pl.col("accepted") + pl.col("quarantined") + pl.col("deduplicated")).all()
        ).item()
        return report, Lake(self.settings.lake).scan("profiles", DAY).sort("landed_file", "landed_row").collect()

    def refusal(self) -> str:
        """Returns the reason why nothing is published."""
        with pytest.raises(NothingToPublishError) as refused:
            import_date(self.settings, self.loaded, DAY, "test")
        return str(refused.value)


def test_auto_shape_imports_unknown_export_and_reports_the_columns(tmp_path: Path) -> None:
    report, profiles = Source(tmp_path, {"list.csv": CSV.encode()}).imported()
    assert profiles["followers"].to_list() == [12_000, 3_400, 800]
    assert report["message"].to_list() == [None]  # no error
    (inferred,) = report["inferred"]
    assert "followers from 'followers'" in inferred
    assert "reported_engagement_ratio from 'engagement_rate'" in inferred


def test_auto_shape_reads_every_archive_member(tmp_path: Path) -> None:
    other = CSV.replace("kiln_days", "tiny.tides").replace("oat_rider", "pine.press").replace("loom_lane", "fern")
    archive = zipped(
        {"a.csv": CSV.encode(), "sub/b.csv": other.encode(), "README.txt": b"hello", "__MACOSX/x.csv": b"junk"}
    )
    _, profiles = Source(tmp_path, {"both.zip": archive}).imported()
    assert profiles.height == 6
    assert {path.rpartition(".zip/")[2] for path in profiles["landed_file"]} == {"a.csv", "sub/b.csv"}


def test_page_too_small_for_inference_uses_the_shape_of_larger_pages(tmp_path: Path) -> None:
    page = "username,followers,avg_likes,avg_comments,engagement_rate\ntiny.tides,900,,,0.3\n"
    alike = "username,followers,avg_likes,avg_comments,engagement_rate\nkiln,12000,480,24,4.2\noat,3400,204,10.2,6.3\nl,800,80,8,11\n"
    _, profiles = Source(tmp_path, {"page-1.csv": alike.encode(), "page-2.csv": page.encode()}).imported()
    assert profiles["reported_engagement_ratio"].to_list() == pytest.approx([0.042, 0.063, 0.11, 0.003])


def test_contradictory_files_of_one_pull_are_rejected(tmp_path: Path) -> None:
    fractions = CSV.replace(",4.2\n", ",0.042\n").replace(",6.3\n", ",0.063\n").replace(",11\n", ",0.11\n")
    refusal = Source(tmp_path, {"a.csv": CSV.encode(), "b.csv": fractions.encode()}).refusal()
    assert "files of one pull are written differently: reported_engagement_ratio" in refusal


def test_ambiguous_export_is_rejected_with_a_remedy(tmp_path: Path) -> None:
    text = "username,followers,likes\nkiln_days,12000,6000\noat_rider,3400,1700\nloom_lane,800,400\n"
    refusal = Source(tmp_path, {"list.csv": text.encode()}).refusal()
    assert "likes: an average per post, or a total?" in refusal
    assert "smallvoices inspect" in refusal
    assert "--save-shape NAME" in refusal


@pytest.mark.parametrize(
    "name, content, told",
    [
        ("a.zip", zipped({"a.csv": CSV.encode()})[:-30], "cut short"),
        ("a.csv", b"<!doctype html><p>Log in", "web page"),
        ("a.json", b'[{"username": "kiln"', "cut short"),
        ("a.csv.gz", gzip.compress(CSV.encode())[:-12], "gzip"),
        ("a.csv", b"", "empty"),
    ],
)
def test_non_export_is_rejected_at_landing(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    manifest = Source(tmp_path, {name: content}).manifest
    assert manifest.state == "refused"
    assert told in manifest.message


def test_archive_of_zero_bytes_is_rejected(tmp_path: Path) -> None:
    # Over a wire the pull reports it, for local files the reader.
    told = "bomb.zip: a.csv expands to more times its size than limits.max_ratio (100); raise it if this is meant"
    assert told in Source(tmp_path, {"bomb.zip": zipped({"a.csv": b"0" * (200 * 2**20)})}).refusal()


def test_inspect_prints_findings_and_saves_a_working_shape(tmp_path: Path, smallvoices: Command) -> None:
    (tmp_path / "list.csv").write_bytes(CSV.replace(",", ";").encode("cp1252"))
    (tmp_path / "sources.yaml").write_text(
        "sources: [{name: team, shape: spring, url: list.csv, platform: instagram}]", encoding="utf-8"
    )
    run = smallvoices("inspect", "list.csv", "--platform", "instagram", "--save-shape", "spring")
    assert run.code == 0, run.err
    assert "The import would take 3 of 3 profiles" in run.out
    shape = yaml.safe_load((tmp_path / "shapes/spring.yaml").read_text(encoding="utf-8"))
    assert (shape["delimiter"], shape["encoding"], shape["platform"]) == (";", "cp1252", "instagram")
    loaded = sources_file.load(tmp_path / "sources.yaml")
    (source,) = loaded.sources
    setup = Settings(home=tmp_path / "home", sources_file=loaded.path)
    store.land(source, loaded.shape(source), DAY, landing=setup.landing, folder=tmp_path, force=False)
    import_date(setup, loaded, DAY, "test")
    assert Lake(setup.lake).scan("profiles", DAY).collect()["followers"].sort().to_list() == [800, 3_400, 12_000]


def test_shape_saved_from_single_line_json_reads_indented_json(tmp_path: Path, smallvoices: Command) -> None:
    exports = {"page": 1, "items": [document | {"platform": "instagram"} for document in documents()]}
    one_line, indented = tmp_path / "one_line.json", tmp_path / "indented.json"
    one_line.write_text(json.dumps(exports), encoding="utf-8")
    indented.write_text(json.dumps(exports, indent=1), encoding="utf-8")
    assert smallvoices("inspect", str(one_line), "--save-shape", "team").code == 0
    assert yaml.safe_load((tmp_path / "shapes/team.yaml").read_text(encoding="utf-8"))["format"] == "json"
    run = smallvoices("inspect", str(indented), "--shape", "team")
    assert (run.code, run.err) == (0, "")
    assert "The import would take 3 of 3 profiles" in run.out


def test_inspect_reports_missing_ranking_columns(tmp_path: Path, smallvoices: Command) -> None:
    (tmp_path / "list.csv").write_text("username,followers,platform\nkiln_days,12000,tiktok\noat_rider,3400,tiktok\n")
    assert "No rank from this file alone: it has neither posts" in smallvoices("inspect", "list.csv").out
    (tmp_path / "list.csv").write_text(CSV)
    assert "No rank" not in smallvoices("inspect", "list.csv", "--platform", "tiktok").out


def test_inspect_reports_that_posts_alone_are_not_imported(tmp_path: Path, smallvoices: Command) -> None:
    posts = [
        {"media_id": f"m{n}", "username": "kiln_days", "published": f"2026-10-{n:02}T10:00:00Z", "like_count": 90 + n}
        for n in range(1, 9)
    ]
    (tmp_path / "posts.ndjson").write_text("\n".join(map(json.dumps, posts)))
    run = smallvoices("inspect", "posts.ndjson", "--platform", "instagram")
    assert "Posts are imported with their profiles, and not tried alone" in run.out


def test_binary_file_is_not_a_table(tmp_path: Path, smallvoices: Command) -> None:
    (tmp_path / "list.csv").write_bytes((REPOSITORY / "docs/graph.png").read_bytes())
    run = smallvoices("inspect", "list.csv")
    assert (run.code, run.out) == (1, "")
    assert "list.csv is no text, and no kind of file that is read" in run.err


def test_inspect_reports_invalid_arguments(tmp_path: Path, smallvoices: Command) -> None:
    (tmp_path / "list.csv").write_text(CSV)
    run = smallvoices("inspect", "list.csv", "--platform", "tikok")
    assert "which the file does not have; did you mean tiktok?" in run.out
    run = smallvoices("inspect", "list.csv", "--save-shape", "My List")
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("Error: --save-shape 'My List' is not allowed")


def test_inspect_of_ambiguous_export_exits_with_code_1(tmp_path: Path, smallvoices: Command) -> None:
    (tmp_path / "list.csv").write_bytes(CSV.encode())
    run = smallvoices("inspect", "list.csv", "--json")
    assert run.code == 1
    assert [question["about"] for question in run.document["questions"]] == ["platform"]
    assert run.document["import"]["accounts"][0]["followers"] == 12_000
    assert "platform" not in run.document["import"]["accounts"][0]


def test_json_key_with_nul_is_ignored(tmp_path: Path) -> None:
    """Regression: Arrow columns cannot have such a name; the key crashed `inspect` with a panic of Polars."""
    account = {"\0": 1, "username": "anna.tries", "followers": 1200, "platform": "instagram", "more": {"a\0b": 2}}
    (tmp_path / "list.json").write_text(json.dumps([account]))
    told = infer(tmp_path / "list.json").proposal
    assert told.is_decided
    assert [column.column for column in told.columns] == ["username", "followers", "platform"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=400),
        st.text(max_size=400).map(lambda text: f"username,followers\n{text}".encode()),
        st.lists(st.text(alphabet='ab,;"\n\t|1.,%KM-', max_size=40), max_size=20).map(lambda lines: "\n".join(lines).encode()),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
            max_leaves=12,
        ).map(lambda value: json.dumps([value, {"followers": 3}]).encode()),
    )
)  # fmt: skip
def test_inference_of_arbitrary_bytes_succeeds_or_is_rejected(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.bin"
    path.write_bytes(content)
    try:
        told = infer(path, platform="instagram", names=("any",))
    except UnreadableFileError:
        return
    assert told.proposal.questions or told.proposal.shape is not None


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp1250", "cp1251"])
def test_names_are_decoded_with_their_code_page(tmp_path: Path, encoding: str) -> None:
    names = {"cp1250": ["Łukasz Wójcik", "Żaneta"], "cp1251": ["Юлия", "Привет мир"]}.get(
        encoding, ["Käthe Bär", "Jörg"]
    )
    text = "handle,full name,followers,platform\n" + "".join(
        f"voice{place},{name},{1000 + place},tiktok\n" for place, name in enumerate(names)
    )
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    assert encoding_of(path) == encoding


@pytest.mark.parametrize("options", [(), ("--shape", "yoo_2018"), ("--json",)])
def test_truncated_export_reports_the_problem(smallvoices: Command, tmp_path: Path, options: tuple[str, ...]) -> None:
    whole = (REPOSITORY / "samples/agency/2026-10-31.csv").read_bytes()
    cut = tmp_path / "list.csv"
    cut.write_bytes(whole[: len(whole) // 2])
    run = smallvoices("inspect", str(cut), "--save-shape", "kept", *options)
    assert run.code == 1
    assert re.fullmatch(
        rf"Error: {cut}:\d+ ends in the middle of a record: the file was cut short; have it sent again\n", run.err
    )
    assert not (tmp_path / "shapes").exists()


def test_inspect_lists_columns_that_a_named_shape_takes_by_name(smallvoices: Command, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text("platform,handle,followers,price_tag\ninstagram,one,2000,5\n", encoding="utf-8")
    done = smallvoices("inspect", str(export), "--shape", "smallvoices", "--json")
    assert {column["column"]: column["taken_for"] for column in done.document["columns"]} == {
        "platform": "platform", "handle": "handle", "followers": "followers", "price_tag": "",
    }  # fmt: skip


def test_inspect_reports_exceeded_quarantine_limit(smallvoices: Command, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    rows = "".join(f"instagram,h{number},{2000 + number},90,5\n" for number in range(20))
    export.write_text(f"platform,handle,followers,avg_likes,avg_comments\n{rows}", encoding="utf-8")
    assert "would refuse" not in smallvoices("inspect", str(export)).out
    export.write_text(export.read_text(encoding="utf-8") + "TOTAL,,,,\nTOTAL,,,,\n", encoding="utf-8")
    told = smallvoices("inspect", str(export)).out
    assert "take 20 of 22 profiles, quarantine 2" in told
    assert "A night would refuse them all: more than a share of 0.05 is quarantined" in told


def test_inspect_uses_the_quarantine_limit_of_the_source(smallvoices: Command, tmp_path: Path) -> None:
    export = tmp_path / "export-2026-10-31.csv"
    rows = "".join(f"instagram,h{number},{2000 + number},90,5\n" for number in range(20))
    export.write_text(f"platform,handle,followers,avg_likes,avg_comments\n{rows}TOTAL,,,,\nTOTAL,,,,\n")
    other = tmp_path / "other.csv"
    other.write_bytes(export.read_bytes())
    declared = tmp_path / "sources.yaml"
    declared.write_text(
        "sources: [{name: team, shape: smallvoices, url: 'export-{date}.csv', max_quarantine_share: 0.2}]"
    )
    assert "would refuse" not in smallvoices("inspect", str(export)).out
    assert "would refuse" not in smallvoices("inspect", str(other), "--shape", "smallvoices").out
    assert "more than a share of 0.05 is quarantined" in smallvoices("inspect", str(other)).out
    declared.write_text(declared.read_text().replace("0.2", "0.01"))
    assert "more than a share of 0.01 is quarantined" in smallvoices("inspect", str(export)).out


def test_named_shape_reads_a_single_object_at_its_records_path(smallvoices: Command) -> None:
    file = REPOSITORY / "tests/fixtures/instagram_business_discovery/profiles.json"
    done = smallvoices("inspect", str(file), "--shape", "instagram_business_discovery", "--json")
    assert done.code == 0, done.err
    taken = {column["column"]: column["taken_for"] for column in done.document["columns"]}
    assert (taken["username"], taken["followers_count"]) == ("handle", "followers")
    assert [account["handle"] for account in done.document["import"]["accounts"]] == ["marta.bakes"]


@pytest.mark.parametrize("options", [[], ["--shape", "heepsy"]])
def test_declared_platform_is_used_in_trial_import_and_saved_shape(
    smallvoices: Command, tmp_path: Path, options: list[str]
) -> None:
    (file,) = (REPOSITORY / "tests/fixtures/heepsy").glob("profiles.*")
    told = ["inspect", str(file), "--platform", "instagram", *options]
    done = smallvoices(*told, "--save-shape", "agency", "--json")
    assert (done.code, done.document["fits"]) == (0, "heepsy"), done.err
    assert {account["platform"] for account in done.document["import"]["accounts"]} == {"instagram"}
    assert yaml.safe_load((tmp_path / "shapes/agency.yaml").read_text(encoding="utf-8"))["platform"] == "instagram"


def test_inspect_does_not_import_dagster(tmp_path: Path) -> None:
    """Dagster loads slower than everything else that `inspect`, `explain` and `check` need."""
    program = (
        "import atexit, sys; atexit.register(lambda: print('dagster' in sys.modules)); "
        "from pipelines.cli import main; main()"
    )
    for command, code in (
        (["inspect", "samples/agency/2026-10-31.csv"], 0),
        (["check", "--date", "newest"], 0),
        (["explain", "instagram", "nobody", "--home", str(tmp_path)], 1),  # nothing is ranked there
    ):
        done = subprocess.run(
            [sys.executable, "-c", program, *command], capture_output=True, text=True, check=False, cwd=REPOSITORY
        )
        assert (done.returncode, done.stdout.splitlines()[-1]) == (code, "False"), done.stderr

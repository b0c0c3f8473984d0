"""Contact data: redacted in every published text, and published in a separate table if enabled."""

import json

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.config.sources_file import SourcesError, load
from schemas.contact_data import redacted, redacted_sql
from tests.factories.published_home import Home

EMAILS = [
    "anna@mail.example", "a.b+c_d%e@sub.domain.co.uk", "ANNA@MAIL.EXAMPLE", "änna@bücher.example", "anna\uff20mail.example",
    "anna [at] mail.example", "anna(at)mail.example", "anna%40mail.example", "anna\\u0040mail.example",
    "anna&#64;mail.example", "mailto:anna@mail.example",
]  # fmt: skip
PHONES = [
    "+49 171 2345678", "+1 (555) 123-4567", "+33.6.12.34.56.78", "+447911123456", "06 12 34 56 78", "06.12.34.56.78",
    "0612345678", "0171 2345678", "0171/2345678", "(555) 123-4567", "555-123-4567", "1-555-123-4567", "555.123.4567",
    "0049 171 2345678", "wa.me/491712345678", "tel:+491712345678",
]  # fmt: skip
# Other content of a record, which must be kept.
KEPT = [
    "17841400000000001", "2026-10-30", "2026-10-30T12:00:00+0000", "12:00:00", "01.02.2024 12:00", "12,000", "1 234 567",
    "https://www.tiktok.com/@anna.b", "@anna.b", "3.375", "475.8m", "0.0139", "-1", "https://youtube.com/channel/UC0123",
    "1.39%", "2024/05/01 10:20:30", "0001-01-01",
]  # fmt: skip


def both(text: str) -> str:
    """Redacts the text in DuckDB, and checks that Polars agrees."""
    (by_sql,) = duckdb.execute(f"SELECT {redacted_sql('x')} FROM (SELECT ? AS x)", [text]).fetchall()[0]
    by_polars = pl.DataFrame({"x": [text]}).select(redacted(pl.col("x"))).item()
    assert by_sql == by_polars
    return str(by_sql)


@pytest.mark.parametrize("contact", EMAILS + PHONES)
def test_every_contact_format_is_redacted_anywhere(contact: str) -> None:
    for before, after in (
        ("", ""),
        ("a,", ",5000"),
        ('{"bio": "call ', '", "n": 1}'),
        ("DM 📧 ", " ✨\nx"),
        ("(", ")"),
    ):
        told = both(f"{before}{contact}{after}")
        assert contact not in told
        assert "[e-mail]" in told or "[phone]" in told
        assert told.startswith(before.rstrip("(")) or before == "("
        assert "mail.example" not in told
        assert "2345678" not in told


@pytest.mark.parametrize("text", KEPT)
def test_figures_dates_ids_and_urls_are_kept(text: str) -> None:
    assert both(text) == text
    assert both(f'a,{text},"b"') == f'a,{text},"b"'


LETTERS = st.text("abcdefghijklmnopqrstuvwxyzäöüßéñ0123456789", min_size=1, max_size=10)


@given(local=LETTERS, host=LETTERS, domain=st.sampled_from(["com", "co.uk", "example"]), around=st.text(max_size=12))
def test_every_email_address_is_redacted_in_any_context(local: str, host: str, domain: str, around: str) -> None:
    address = f"{local}@{host}.{domain}"
    assert f"@{host}.{domain}" not in both(f"{around} {address} {around}")


@given(digits=st.lists(st.integers(0, 9), min_size=9, max_size=13), blank=st.sampled_from(["", " ", "-", "."]))
def test_every_international_phone_number_is_redacted(digits: list[int], blank: str) -> None:
    number = "+" + blank.join("".join(map(str, digits[start : start + 3])) for start in range(0, len(digits), 3))
    assert number not in both(f"bio: call {number}!")


def test_contacts_are_published_if_enabled(home: Home) -> None:
    (home.folder / "extra.csv").write_text(
        "platform,handle,followers,contact_email,display_name\n"
        "instagram,reachable,5000,me@mail.example,Call +49 171 2345678\n"
        "instagram,broken,many,you@mail.example,x\n",
        encoding="utf-8",
    )
    document = {"sources": [
        {"name": "plain", "shape": "smallvoices", "url": "{date}.ndjson"},
        {"name": "extra", "shape": "smallvoices", "url": "extra.csv", "max_quarantine_share": 1},
    ]}  # fmt: skip
    home.settings.sources_file.write_text(json.dumps(document), encoding="utf-8")
    done = home.run("nightly", "--date", "2026-10-31")
    assert done.returncode == 0, done.stderr
    assert home.query("SELECT count(*) FROM contacts") == [(0,)]
    assert home.query("SELECT display_name FROM accounts WHERE handle = 'reachable'") == [("Call [phone]",)]
    assert home.query("SELECT raw FROM quarantine") == [("instagram,broken,many,[e-mail],x",)]
    for path in home.published.rglob("*"):
        if path.is_file():
            assert b"mail.example" not in path.read_bytes(), path
    dagster = b"".join(path.read_bytes() for path in home.settings.dagster_home.rglob("*") if path.is_file())
    assert b"[e-mail]" in dagster
    assert b"mail.example" not in dagster
    home.settings.sources_file.write_text(json.dumps(document | {"publish_contacts": True}), encoding="utf-8")
    home.publish()
    assert home.query("SELECT platform, profile_id, handle, contact_email, source FROM contacts") == [
        ("instagram", "@reachable", "reachable", "me@mail.example", "extra")
    ]
    home.settings.sources_file.write_text(json.dumps(document | {"publish_contacts": "perhaps"}), encoding="utf-8")
    with pytest.raises(SourcesError, match="publish_contacts: 'perhaps' is not allowed; allowed: true or false"):
        load(home.settings.sources_file)

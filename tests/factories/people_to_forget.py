"""A person to erase among others who resemble them, and every byte of a folder to search for them.

Belongs here: shared data of erasure tests: exports that name the person, and a search independent of the project.
"""

import gzip
import json
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from tests.factories.published_home import Home
from tests.factories.small_exports import ndjson_bytes

ANNA = "anna.summers"
DAYS = ("2026-10-29", "2026-10-30")
# Texts that only her records contain.
OWN_WORDS = (b"my own words", b"Anna Summers", f'instagram.com/{ANNA}"'.encode(), f"{ANNA}@mail".encode())


def account(platform: str, number: str | None, handle: str, **more: object) -> dict[str, Any]:
    """Builds a profile of the plain shape."""
    return {"platform": platform, "profile_id": number, "handle": handle, "followers": 5000, "avg_likes": 300,
            "avg_comments": 9, "biography": "", **more}  # fmt: skip


def crowd() -> list[dict[str, Any]]:
    """Builds enough others to rank among, some of them similar to the person."""
    return [
        *(account("instagram", f"77{place:04}", f"other{place}", avg_likes=100 + place) for place in range(60)),
        account("tiktok", "5551234", ANNA, biography="of the same name, elsewhere"),
        account("instagram", "9001234567", "anna.summers.fan", biography=f"fan of @{ANNA}", avg_likes=250),
        account("instagram", "900123456", ANNA, biography="my own words", avg_likes=900, display_name="Anna Summers",
                profile_url=f"https://instagram.com/{ANNA}"),
    ]  # fmt: skip


def everything(folder: Path) -> bytes:
    """Returns every byte under a folder, with gzip decompressed, and cells of complete tables."""
    found = []
    with duckdb.connect() as connection:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                found.append(content)
                # A killed process may leave files that end anywhere.
                with suppress(EOFError, zlib.error):
                    found.append(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else b"")
                if path.suffix == ".parquet" and content.endswith(b"PAR1"):
                    rows = connection.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()
                    found.append(repr(rows).encode())
    return b"\n".join(found)


def export(folder: Path, days: Sequence[str] = DAYS, **more: object) -> Home:
    """Writes exports of two sources: one packed, one that names the person in broken records; runs nothing."""
    sources = [
        {"name": "plain", "shape": "smallvoices", "url": "{date}.ndjson.gz"},
        {"name": "list", "shape": "smallvoices", "url": "{date}.csv", "platform": "instagram",
         "max_quarantine_share": 1},
    ]  # fmt: skip
    (folder / "sources.yaml").write_text(json.dumps({"sources": sources, **more}), encoding="utf-8")
    for day in days:
        (folder / f"{day}.ndjson.gz").write_bytes(gzip.compress(ndjson_bytes(crowd())))
        rows = f"handle,followers\n{ANNA},5100\nbroken.{ANNA}\n{ANNA},many,{ANNA}@mail.example\nwell,4000\n"
        (folder / f"{day}.csv").write_text(rows, encoding="utf-8")
    return Home(folder)

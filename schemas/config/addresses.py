"""Addresses in sources.yaml, and the names of files pulled from them.

Belongs here: parsing addresses. Does not: pulling from them.
"""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote, urlsplit

STORES = ("s3", "gs", "az")

Place = Literal["file", "http", "store"]

ALLOWED = "a path, file://, http://, https://, s3://, gs:// or az://"
_ENDINGS = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".ndjson",
    "application/ndjson": ".ndjson",
    "application/jsonl": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/zip": ".zip",
}
_KNOWN = re.compile(r"\.(csv|tsv|txt|json|jsonl|ndjson|parquet|xlsx|zip)(\.(gz|zst|zip))?$|\.(gz|zst)$", re.IGNORECASE)
_MAX_NAME = 120


def place_of(address: str) -> Place | None:
    """Returns the kind of place of an address, or None for an unsupported scheme."""
    scheme, separator, _ = address.partition("://")
    if not separator or scheme == "file":
        return "file"
    if scheme in STORES:
        return "store"
    return "http" if scheme in ("http", "https") else None


def file_name(address: str, headers: Mapping[str, str], records: str) -> str:
    """Returns a safe file name for the response of an HTTP address, equal for equal addresses and kinds of file.

    Args:
        address: The address.
        headers: The headers of the response.
        records: Kind of records; the name where the address has none.
    """
    name = _safe(unquote(urlsplit(address).path).rsplit("/", 1)[-1]) or records
    if _KNOWN.search(name):
        return name
    offered = re.search(r"filename\*?=\"?(?:[\w-]+'[\w-]*')?([^\";]+)", headers.get("Content-Disposition", ""))
    ending = _KNOWN.search(_safe(offered[1].strip())) if offered else None
    kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return name + (ending[0].lower() if ending else _ENDINGS.get(kind, ""))


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip("._")[-_MAX_NAME:]

"""Pagination of an API: the key `paging` of sources.yaml.

Belongs here: the kinds of pagination and the keys of each. Does not: following pages.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["cursor", "next_link", "link_header", "page", "offset"]
KINDS = "cursor, next_link, link_header, page or offset"
PATH = "a path into the answer, as in meta.next"


class Paging(BaseModel):
    """Pagination of an API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = Field(description=KINDS)
    next: str | None = Field(default=None, min_length=1, description=f"{PATH} (cursor, next_link)")
    param: str | None = Field(
        default=None, min_length=1, description="the parameter that takes the cursor, page number or offset"
    )
    value: str = Field(default="{cursor}", pattern=r"\{cursor\}", description="a text around {cursor}")
    start: int | None = Field(default=None, ge=0, description="a whole number from 0 (page, offset)")
    size: int | None = Field(default=None, ge=1, description="a whole number from 1: records on a full page")
    records: str | None = Field(default=None, min_length=1, description="a path to the list of records, as in data")
    has_more: str | None = Field(default=None, min_length=1, description="a path to true or false")
    total: str | None = Field(default=None, min_length=1, description="a path to the number of all records")
    max_pages: int = Field(default=10_000, ge=1, le=1_000_000, description="a whole number from 1 to 1000000")

    def first_error(self) -> tuple[str, str] | None:
        """Returns the first missing or unused key of this kind, with the message; None if valid."""
        for key in ("next", "param"):
            needed = {"next": ("cursor", "next_link"), "param": ("cursor",)}[key]
            if self.kind in needed and getattr(self, key) is None:
                return key, f"missing; allowed: {Paging.model_fields[key].description}"
        numbered = self.kind in ("page", "offset")
        unused = {
            "next": numbered or self.kind == "link_header",
            "param": self.kind in ("next_link", "link_header"),
            "value": self.kind in ("next_link", "link_header"),
            "start": not numbered,
        }
        for key in (key for key, is_unused in unused.items() if is_unused and key in self.model_fields_set):
            return key, f"kind {self.kind} does not use it; leave it out"
        return None

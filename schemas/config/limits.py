"""Limits on size, rate and duration of pulling and reading a source: the key `limits` of sources.yaml.

Belongs here: the limits, their defaults, and the message for an exceeded limit. Does not: enforcing them, or limits of
the machine such as memory and temporary disk (`schemas/settings`).
"""

from pydantic import BaseModel, ConfigDict, Field

from schemas.column import MAX_TEXT, limit

MAX_TRIES = 5
MAX_WAIT_SECONDS = 60.0
# The smallest limit that DuckDB accepts. It reads in blocks of twice this size: a higher limit costs a tenth of the
# speed, and for documents of many records a multiple of the memory.
MAX_RECORD_BYTES = 16 * 2**20
_LARGEST_RECORD = 2**30


class Limits(BaseModel):
    """Limits of one pull of a source, over all of its files and pages, and of reading its landed files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_minute: float | None = Field(default=None, gt=0, description="a number over 0")
    deadline_minutes: float = Field(default=60, gt=0, le=1440, description="a number over 0, up to 1440")
    connect_seconds: float = Field(default=10, gt=0, le=300, description="a number over 0, up to 300")
    read_seconds: float = Field(default=60, gt=0, le=3600, description="a number over 0, up to 3600")
    min_bytes_per_second: float = Field(default=100, ge=0, description="a number from 0")
    poll_seconds: float = Field(default=30, gt=0, le=3600, description="a number over 0, up to 3600")
    max_bytes: int = Field(default=10_000_000_000, gt=0, description="a whole number over 0")
    max_files: int = Field(default=10_000, ge=1, description="a whole number from 1")
    max_page_bytes: int = Field(default=64 * 2**20, gt=0, description="a whole number over 0")
    max_ratio: float = Field(default=100, ge=1, description="a number from 1")
    max_rows: int = Field(default=100_000_000, gt=0, description="a whole number over 0")
    max_record_bytes: int = Field(
        default=MAX_RECORD_BYTES,
        ge=MAX_RECORD_BYTES,
        le=_LARGEST_RECORD,
        description=f"a whole number from {MAX_RECORD_BYTES} to {_LARGEST_RECORD}",
    )
    max_columns: int = Field(default=2_000, ge=1, description="a whole number from 1")
    # At most the limit of the contract of the published tables.
    max_field_characters: int = Field(
        default=MAX_TEXT, ge=1, le=MAX_TEXT, description=f"a whole number from 1 to {MAX_TEXT}"
    )
    import_minutes: float = Field(default=60, gt=0, le=1440, description="a number over 0, up to 1440")

    def passed(self, name: str) -> str:
        """Returns the end of a message for an exceeded limit: its name, its value and the remedy."""
        return f"limits.{name} ({limit(getattr(self, name))}); raise it if this is meant"


DEFAULT_LIMITS = Limits()

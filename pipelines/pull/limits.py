"""How much, how fast and how long a source may be pulled: the key `limits` of sources.yaml.

Belongs here: the figures and their defaults. Does not: keeping to them.
"""

from pydantic import BaseModel, ConfigDict, Field

MAX_TRIES = 5
MAX_WAIT_SECONDS = 60.0


class Limits(BaseModel):
    """Limits of one pull of one source, over all of its files and pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    requests_per_minute: float | None = Field(default=None, gt=0, description="a number over 0")
    deadline_minutes: float = Field(default=60, gt=0, le=1440, description="a number over 0, up to 1440")
    connect_seconds: float = Field(default=10, gt=0, le=300, description="a number over 0, up to 300")
    read_seconds: float = Field(default=60, gt=0, le=3600, description="a number over 0, up to 3600")
    min_bytes_per_second: float = Field(default=100, ge=0, description="a number from 0")
    poll_seconds: float = Field(default=30, gt=0, le=3600, description="a number over 0, up to 3600")
    max_bytes: int = Field(default=10_000_000_000, gt=0, description="a whole number over 0")
    max_ratio: float = Field(default=100, ge=1, description="a number from 1")

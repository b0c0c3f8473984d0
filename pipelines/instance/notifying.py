"""Notification of a failed nightly run: a message to the webhook that `notify` in sources.yaml names.

Belongs here: the message, and posting it. Does not: detecting failures (`runs` for the command line, `jobs` for the
daemon). A webhook never changes how a run ends. The message contains no secret, and of an export's rows only the
reference of the one that broke a contract.
"""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from assets.landing.pull.byte_budget import Allowance
from assets.landing.pull.credentials import Secrets
from assets.landing.pull.errors import PullError
from assets.landing.pull.paging import Ask
from assets.landing.pull.transport import Session
from assets.publishing import publish_protocol
from pipelines.instance import failures
from schemas.config.limits import Limits
from schemas.config.secrets import is_set
from schemas.config.source import SourcesFile
from schemas.first_line import first_line
from schemas.settings import Settings

# Tag of runs that send their own notification; the daemon sends that of all others.
TELLS_ITSELF = {"smallvoices/tells_itself": "true"}

_RANGE = "dagster/asset_partition_range_{}"
# Half a minute in total, so that a webhook that hangs delays neither a run nor a sensor.
_LIMITS = Limits(deadline_minutes=0.5, connect_seconds=5, read_seconds=10)
_LONGEST = 1_000


@dataclass(frozen=True)
class FailedRun:
    """A failed run.

    Attributes:
        run_id: Dagster's id of it.
        dates: First and last snapshot date, if it has any.
        step: The step that failed; empty where none had begun.
        error: The reason, in a sentence.
    """

    run_id: str
    dates: tuple[str, ...]
    step: str
    error: str


def failed_run(run: dg.DagsterRun, events: Sequence[dg.DagsterEvent]) -> FailedRun:
    """Builds the notification of a run from its failure events."""
    tagged = [run.tags.get(name) for name in ("dagster/partition", _RANGE.format("start"), _RANGE.format("end"))]
    days = sorted({day for day in tagged if day})
    step = next((event.step_key for event in events if event.is_step_failure and event.step_key), "")
    return FailedRun(run.run_id, tuple(days), step, failures.why(events))


def tell(settings: Settings, loaded: SourcesFile, failed: FailedRun) -> str:
    """Posts the failure, with a few retries.

    Returns:
        Why the notification was not delivered; empty if it was, or if none is configured.
    """
    if loaded.notify is None:
        return ""
    try:
        secrets = Secrets(loaded.notify)
        # A variable that holds the whole address is used as it is; a variable within an address replaces only its part.
        is_whole = loaded.notify.startswith("$")
        address = secrets.fill(loaded.notify) if is_whole else secrets.fill_address(loaded.notify)
        ask = Ask(address, body=_message(settings, _hidden(loaded, failed)))
        with Session([address], {}, _LIMITS, Allowance(_LIMITS), allow_private=True) as session:
            session.tried(lambda: session.post(ask))
    except PullError as error:
        return f"notify: {error}"
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not add to what has failed
        return f"notify: {type(error).__name__}"
    return ""


def _hidden(loaded: SourcesFile, failed: FailedRun) -> FailedRun:
    """Removes secrets, which an error of a library may contain."""
    names = sorted(set().union(*loaded.secrets.values()))
    secrets = Secrets([f"${{{name}}}" for name in names if is_set(name)])
    return replace(failed, error=secrets.hide(failed.error)[:_LONGEST])


def _message(settings: Settings, failed: FailedRun) -> Mapping[str, Any]:
    host = socket.gethostname()
    published = _published(settings)
    what = f"the run for {' to '.join(failed.dates)}" if failed.dates else "a run"
    where = f" in {failed.step}" if failed.step else ""
    text = (
        f"smallvoices on {host}: {what} failed{where}: {failed.error or 'no step says why'}\n"
        f"{published}. `smallvoices doctor` says what to do."
    )
    return {
        # Slack's markup: unescaped, text from outside could notify a whole channel.
        "text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"),
        "event": "run_failed",
        **asdict(failed),
        "published": published,
        "host": host,
        "home": str(settings.home),
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
    }


def _published(settings: Settings) -> str:
    try:
        generation = publish_protocol.current(settings)
    except publish_protocol.PublishError as error:
        return first_line(error)
    if generation is None:
        return "Nothing is published yet"
    return f"Readers see generation {generation.number}, of {generation.snapshot_date}"

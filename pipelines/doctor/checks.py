"""All checks of the doctor, in the order of its report."""

from collections.abc import Iterator

from pipelines.doctor import home, installed, instance, published
from pipelines.doctor.finding import Check, Finding, told
from schemas.config import sources_file
from schemas.config.sources_file import SourcesError
from schemas.settings import Settings


def examine(settings: Settings) -> Iterator[Finding]:
    """Yields every finding as soon as it is available."""
    checks: dict[str, Check] = {
        "sources.yaml": lambda: _sources_file(settings),
        "versions": installed.versions,
        "permissions": lambda: home.permissions(settings),
        "disk": lambda: home.room(settings),
        "left-overs": lambda: home.left_overs(settings),
        "suppressed": lambda: home.suppressed(settings),
        "locks": lambda: home.locks(settings),
        **instance.checks(settings),
        "published": lambda: published.freshness(settings),
        "contract": lambda: published.contract(settings),
        "sources": lambda: published.sources(settings),
        "stale dates": lambda: published.stale(settings),
    }
    for name, check in checks.items():
        yield from told(name, check)


def _sources_file(settings: Settings) -> Iterator[Finding]:
    try:
        loaded = sources_file.load(settings.sources_file)
    except SourcesError as mistake:
        yield Finding("sources.yaml", "problem", str(mistake), "correct it; until then no command works")
        return
    count = len(loaded.sources)
    yield Finding("sources.yaml", "ok", f"{loaded.path}: {count} {'source' if count == 1 else 'sources'}")
    yield from installed.secrets(loaded)
    if loaded.notify is None:
        yield Finding(
            "notify", "warning", "nobody hears of a night that fails", "name a webhook: docs/operations.md, Monitoring"
        )
    else:
        yield Finding("notify", "ok", "a webhook hears of a night that fails")

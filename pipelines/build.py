"""Builds all Dagster definitions from settings and sources. The one module that imports all others."""

import warnings

import dagster as dg

from assets import landed, pruned, published, report, tables, validated
from assets.asset_keys import asset_key
from pipelines import jobs
from pipelines.instance import log, retention
from schemas.config.source import SourcesFile
from schemas.settings import Settings


def build_defs(settings: Settings, loaded: SourcesFile) -> dg.Definitions:
    """Returns a fresh set of definitions for the settings and sources."""
    with warnings.catch_warnings():
        # Backfill policies and look-back mappings are beta. The freshness checks are superseded by FreshnessPolicy,
        # which looks at an asset as a whole and not at its newest partition.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.SupersessionWarning)
        partitions = jobs.snapshot_dates(settings)
        checks, freshness_sensor = jobs.freshness(
            settings, [asset_key("ranking"), *(landed.key_of(source.name) for source in loaded.sources)]
        )
        job = jobs.nightly_job([checks])
        return dg.Definitions(
            assets=[
                landed.build(settings, loaded, partitions),
                validated.build(settings, loaded, partitions),
                *tables.build(settings, loaded, partitions),
                published.build(settings, loaded),
                report.build(settings),
                pruned.build(settings, retention.prune),
                *_to_postgres(settings, loaded),
            ],
            asset_checks=[checks],
            jobs=[job],
            schedules=[jobs.nightly_schedule(settings, job)],
            sensors=[
                jobs.automation_sensor(),
                freshness_sensor,
                *([jobs.failure_sensor(settings, loaded)] if loaded.notify else []),
            ],
            loggers={"console": log.console(settings.log)},
            executor=dg.in_process_executor,
        )


def _to_postgres(settings: Settings, loaded: SourcesFile) -> list[dg.AssetsDefinition]:
    if not loaded.publish_to:
        return []
    from assets import published_to_postgres  # noqa: PLC0415 - its driver takes a quarter of a second to load

    return [published_to_postgres.build(settings, loaded.publish_to)]

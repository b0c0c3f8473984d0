"""One landing asset per source, pulled at once in threads.

Belongs here: the Dagster side of pulling. Does not: how a source is pulled (`pipelines/landing.py`).
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import dagster as dg

from pipelines import landing
from pipelines.landing import Manifest
from pipelines.settings import Settings
from pipelines.sources import Source, SourcesFile

PULLED = "pulled"


class LandingConfig(dg.Config):
    """How to pull."""

    force: bool = False


def asset_name(source: str) -> str:
    """The landing asset of a source."""
    return f"landed_{source}"


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The landing assets of all sources: subsettable, one run a day."""
    by_key = {dg.AssetKey(asset_name(source.name)): source for source in sources.sources}

    @dg.multi_asset(
        name="landing",
        specs=[_spec(key, source, sources) for key, source in by_key.items()],
        check_specs=[
            dg.AssetCheckSpec(PULLED, asset=key, description="The export of this date arrived and looks like one.") for key in by_key
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.multi_run(1),
        can_subset=True,
    )
    def land(context: dg.AssetExecutionContext, config: LandingConfig) -> Iterator[dg.MaterializeResult[None]]:
        snapshot_date = date.fromisoformat(context.partition_key)
        selected = [by_key[key] for key in by_key if key in context.selected_asset_keys]

        def pull(source: Source) -> Manifest:
            return landing.land(
                source,
                sources.shape(source),
                snapshot_date,
                landing=settings.landing,
                folder=sources.path.parent,
                force=config.force,
            )

        lost: list[str] = []
        with ThreadPoolExecutor(len(selected)) as pool:
            for source, manifest in zip(selected, pool.map(pull, selected), strict=True):
                passed = manifest.state == "complete"
                said = f"{manifest.total_bytes:,} bytes in {len(manifest.files)} files" if passed else manifest.message
                (context.log.info if passed else context.log.warning)(f"{source.name} {snapshot_date}: {manifest.state}: {said}")
                if source.required and not passed:
                    lost.append(f"required source {source.name}: {manifest.message}")
                yield _result(source, manifest, passed=passed)
        if lost:
            raise dg.Failure("; ".join(lost), allow_retries=False)

    return land


def _spec(key: dg.AssetKey, source: Source, sources: SourcesFile) -> dg.AssetSpec:
    shape = sources.shape(source)
    return dg.AssetSpec(
        key,
        description=f"What `{source.name}` sent, byte for byte. {shape.description}",
        group_name="landing",
        kinds={"file", shape.format or "file"},
        owners=["team:data-engineering"],
        metadata={"url": source.url, "shape": source.shape, "history": source.history, "required": source.required},
        tags={"source": source.name},
    )


def _result(source: Source, manifest: Manifest, *, passed: bool) -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(
        asset_key=asset_name(source.name),
        metadata={
            "state": manifest.state,
            "pulled_at": manifest.pulled_at,
            "bytes": manifest.total_bytes,
            "files": dg.MetadataValue.md("\n".join(f"- `{file.path}` sha256 `{file.sha256}`" for file in manifest.files) or "none"),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=PULLED,
                asset_key=asset_name(source.name),
                passed=passed,
                severity=dg.AssetCheckSeverity.ERROR if source.required else dg.AssetCheckSeverity.WARN,
                description=manifest.message or "The export arrived.",
                metadata={"snapshot_date": manifest.snapshot_date, "state": manifest.state},
            )
        ],
    )

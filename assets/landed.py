"""One landing asset per source; sources are pulled in parallel threads.

Belongs here: the Dagster side of pulling. Does not: pulling a source (`assets/landing/store.py`).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import dagster as dg

from assets import metadata
from assets.asset_keys import asset_key
from assets.erasing import suppression_filter
from assets.importing import reconciliation
from assets.landing import store
from assets.landing.store import Manifest
from assets.retention import temp_cleanup
from assets.storage import home_lock
from assets.storage.lake import Lake
from schemas.config import source_checks
from schemas.config.source import Source, SourcesFile
from schemas.settings import Settings

EXPORT_LANDED = "export_landed"
LISTED_FILES = 30
# Sources that are pulled in parallel; each has limits of its own.
AT_ONCE = 16
LISTED_MESSAGES = 10


class LandingConfig(dg.Config):
    """Options of a pull."""

    force: bool = False


def key_of(source: str) -> dg.AssetKey:
    """Returns the key of a source's landing asset."""
    return asset_key(f"landed_{source}")


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """Builds the landing assets of all sources: subsettable, a whole range in one run.

    One run a day would start a process a day, and would let the tables after them start before all days have landed.
    """
    by_key = {key_of(source.name): source for source in sources.sources}

    @dg.multi_asset(
        name="landing",
        specs=[_spec(key, source, sources) for key, source in by_key.items()],
        check_specs=[
            dg.AssetCheckSpec(
                EXPORT_LANDED, asset=key, description="The export of this date arrived and looks like one."
            )
            for key in by_key
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        can_subset=True,
    )
    def land(context: dg.AssetExecutionContext, config: LandingConfig) -> Iterator[dg.MaterializeResult[None]]:
        # Times in manifests have a resolution of one second.
        began = datetime.now(tz=UTC).replace(microsecond=0)
        days = [date.fromisoformat(key) for key in context.partition_keys]
        lake = Lake(settings.lake)
        selected = [by_key[key] for key in by_key if key in context.selected_asset_keys]

        def pull(source: Source) -> list[Manifest]:
            shape, folder = sources.shape(source), sources.path.parent
            landing_filter = suppression_filter.landing_filter(settings, source, shape)

            def pull_date(day: date) -> Manifest:
                # A landed export that could not be used is pulled again, if it is still offered.
                is_wanted = store.is_offered(source, day) and reconciliation.was_refused(lake, source.name, day)
                force = config.force or is_wanted
                return store.land(
                    source,
                    shape,
                    day,
                    landing=settings.landing,
                    folder=folder,
                    force=force,
                    landing_filter=landing_filter,
                )

            return list(map(pull_date, days))

        with home_lock.adding(settings), ThreadPoolExecutor(min(len(selected), AT_ONCE)) as pool:
            removed = temp_cleanup.sweep(settings)
            if removed:
                context.log.info(f"removed files and folders that killed runs had left: {removed:,}")
            for source, manifests in zip(selected, pool.map(pull, selected), strict=True):
                for manifest in manifests:
                    passed = manifest.state == "complete"
                    files = f"{len(manifest.files):,} {'file' if len(manifest.files) == 1 else 'files'}"
                    said = f"{manifest.total_bytes:,} bytes in {files}" if passed else manifest.message
                    say = context.log.info if passed else context.log.warning
                    about = {"source": source.name}
                    is_earlier = passed and datetime.fromisoformat(manifest.pulled_at) < began
                    state = "landed already" if is_earlier else manifest.state
                    say(f"{source.name} {manifest.snapshot_date}: {state}: {said}", extra=about)
                    warnings = (
                        manifest.message if passed else None,
                        store.changed_addresses(manifest, source),
                        store.changed_files(manifest, source, sources.path.parent) if passed else None,
                    )
                    for warning in filter(None, warnings):
                        context.log.warning(f"{source.name} {manifest.snapshot_date}: {warning}", extra=about)
                yield _result(source, manifests)

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


def _is_late(manifest: Manifest) -> bool:
    """Returns whether a date was pulled after it was the newest."""
    pulled = datetime.fromisoformat(manifest.pulled_at).date()
    return manifest.state == "complete" and (pulled - manifest.date).days > 1


def _result(source: Source, manifests: Sequence[Manifest]) -> dg.MaterializeResult[None]:
    failed = [manifest for manifest in manifests if manifest.state != "complete"]
    files = [file for manifest in manifests for file in manifest.files]
    listed = "\n".join(f"- `{file.path}` sha256 `{file.sha256}`" for file in files[:LISTED_FILES])
    unlisted = f"\n\nand {len(files) - LISTED_FILES:,} more" if len(files) > LISTED_FILES else ""
    told = failed or [manifest for manifest in manifests if manifest.message]
    sentences = [f"{manifest.snapshot_date}: {manifest.message}" for manifest in told]
    late = [manifest.snapshot_date for manifest in manifests if _is_late(manifest)]
    undated = source_checks.undated(source) if late else None
    if undated:
        sentences.insert(0, f"{' to '.join(sorted({late[0], late[-1]}))}: {undated}")
    return dg.MaterializeResult(
        asset_key=key_of(source.name),
        metadata={
            "dates": len(manifests),
            "dates_without_export": ", ".join(manifest.snapshot_date for manifest in failed) or "none",
            "pulled_at": dg.MetadataValue.timestamp(
                datetime.fromisoformat(max(manifest.pulled_at for manifest in manifests))
            ),
            "bytes": sum(manifest.total_bytes for manifest in manifests),
            "files": dg.MetadataValue.md(listed + unlisted or "none"),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=EXPORT_LANDED,
                asset_key=key_of(source.name),
                passed=not failed and not undated,
                severity=dg.AssetCheckSeverity.ERROR if failed and source.required else dg.AssetCheckSeverity.WARN,
                description=metadata.listed(sentences, LISTED_MESSAGES) if sentences else "The export arrived.",
                metadata={"dates_without_export": len(failed)},
            )
        ],
    )

"""`report`: the published file as one HTML page."""

import dagster as dg

from assets.asset_keys import OWNERS, asset_key
from assets.publishing import report_page
from assets.publishing.publish_protocol import FILE_NAME
from assets.tables import once_upstream_is_done
from schemas.settings import Settings


def build(settings: Settings) -> dg.AssetsDefinition:
    """Builds the asset: unpartitioned, written after each publish from the published file."""

    @dg.multi_asset(
        name="report",
        specs=[
            dg.AssetSpec(
                asset_key("report"),
                deps=[asset_key("published")],
                description="`published/report.html`: what is published, as one page that needs no network.",
                group_name="published",
                kinds={"html"},
                owners=OWNERS,
                automation_condition=once_upstream_is_done(),
            )
        ],
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        written = report_page.write(settings.published / FILE_NAME, settings.report)
        context.log.info(f"generation {written.generation}: {written.path}")
        return dg.MaterializeResult(
            metadata={
                "generation": written.generation,
                "snapshot_date": written.snapshot_date.isoformat(),
                "content_hash": written.content_hash,
                "bytes": written.path.stat().st_size,
                "path": dg.MetadataValue.path(written.path),
            }
        )

    return report

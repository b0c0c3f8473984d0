"""`published_to_postgres`: the published tables in the PostgreSQL database that sources.yaml names."""

import dagster as dg

from assets.asset_keys import OWNERS, asset_key
from assets.publishing.postgres import SCHEMA, publish
from assets.publishing.publish_protocol import FILE_NAME
from assets.tables import once_upstream_is_done
from schemas.settings import Settings

NAME = "published_to_postgres"


def build(settings: Settings, address: str) -> dg.AssetsDefinition:
    """Builds the asset; `address` is `publish_to` of sources.yaml, secrets as `${NAME}`."""

    @dg.multi_asset(
        name=NAME,
        specs=[
            dg.AssetSpec(
                asset_key(NAME),
                deps=[asset_key("published")],
                description=f"The published tables in schema {SCHEMA} of a PostgreSQL database, swapped in as a whole.",
                group_name="published",
                kinds={"postgres"},
                owners=OWNERS,
                automation_condition=once_upstream_is_done(),
            )
        ],
    )
    def published_to_postgres(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        loaded = publish(address, settings.published / FILE_NAME)
        context.log.info(f"PostgreSQL shows generation {loaded.generation} in schema {SCHEMA}")
        for reason in loaded.kept:
            context.log.warning(reason)
        return dg.MaterializeResult(
            metadata={
                "generation": loaded.generation,
                "rows": loaded.rows,
                "address": address,
                "kept": "; ".join(loaded.kept) or "no earlier generation",
            }
        )

    return published_to_postgres

"""`smallvoices ui` of a new home: the only running Dagster of `make test`; `make test-ui` has the others."""

from tests.ui.live_dagster import LiveDagster
from tests.ui.test_daemon import DAILY


def test_asset_graph_of_new_home_lists_every_table_without_materializations(live: LiveDagster) -> None:
    assets = live.assets()
    assert {asset["assetKey"]["path"][-1] for asset in assets} - DAILY == {"pruned", "published", "report"}
    assert sum(asset["partitionStats"]["numMaterialized"] for asset in assets if asset["isPartitioned"]) == 0


def test_schedule_and_sensors_are_enabled_by_default(live: LiveDagster) -> None:
    repository = {"repositoryName": "__repository__", "repositoryLocationName": "smallvoices"}
    found = live.ask(
        "query ($of: RepositorySelector!) { repositoryOrError(repositorySelector: $of) { __typename "
        "... on Repository { sensors { name sensorState { status } } schedules { name scheduleState { status } } } } }",
        of=repository,
    )
    states = {sensor["name"]: sensor["sensorState"]["status"] for sensor in found["sensors"]}
    states |= {schedule["name"]: schedule["scheduleState"]["status"] for schedule in found["schedules"]}
    assert states == {"automation": "RUNNING", "freshness": "RUNNING", "nightly_schedule": "RUNNING"}

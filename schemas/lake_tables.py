"""The tables of the lake with their contracts, in order of computation.

Belongs here: the tables of a date. Does not: their inputs (`assets/tables.py`).
"""

from collections.abc import Mapping

from pandera.polars import DataFrameModel

from schemas.authenticity import Authenticity
from schemas.baselines import Baselines
from schemas.benchmarks import TierBenchmarks
from schemas.creators import Creators
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.history import HandleChanges, History
from schemas.import_report import ImportReport
from schemas.posts import Posts
from schemas.priors import Priors
from schemas.profiles import Profiles
from schemas.quarantine import Quarantine
from schemas.ranking import Ranking
from schemas.segments import Segments
from schemas.topics import Topics

# Written together by the import of a date.
IMPORTED: Mapping[str, type[DataFrameModel]] = {
    "profiles": Profiles,
    "posts": Posts,
    "quarantine": Quarantine,
    "import_report": ImportReport,
}
COMPUTED: Mapping[str, type[DataFrameModel]] = {
    "engagement": Engagement,
    "priors": Priors,
    "benchmarks": TierBenchmarks,
    "estimates": Estimates,
    "history": History,
    "handle_changes": HandleChanges,
    "baselines": Baselines,
    "authenticity": Authenticity,
    "topics": Topics,
    "ranking": Ranking,
    "segments": Segments,
    "creators": Creators,
}

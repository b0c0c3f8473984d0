"""What workspace.yaml loads: the definitions for the settings in the environment."""

from pipelines import sources
from pipelines.build import build_defs
from pipelines.settings import Settings

_settings = Settings.from_environment()
defs = build_defs(_settings, sources.load(_settings.sources_file))

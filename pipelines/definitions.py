"""The code location that workspace.yaml loads: the definitions for the settings in the environment."""

from pipelines.build import build_defs
from schemas.config import sources_file
from schemas.settings import Settings

_settings = Settings.from_environment()
defs = build_defs(_settings, sources_file.load(_settings.sources_file))

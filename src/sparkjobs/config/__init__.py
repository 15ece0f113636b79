"""Configuration: YAML files become frozen models, or a list of every mistake with its place.

Here: safe parsing, overlays, references, the models, secrets.
Not here: whether a job's function fits its conf (registry, plan), what lies on disk (plan).
"""

from sparkjobs.config.checks import Check
from sparkjobs.config.load import Conf, load
from sparkjobs.config.models import Freshness, JobConf, Project, Retries
from sparkjobs.config.output import MergeOutput, Mode, Output, PlainOutput, Scd2Output
from sparkjobs.config.sources import Column, CsvSource, Source

__all__ = [
    "Check",
    "Column",
    "Conf",
    "CsvSource",
    "Freshness",
    "JobConf",
    "MergeOutput",
    "Mode",
    "Output",
    "PlainOutput",
    "Project",
    "Retries",
    "Scd2Output",
    "Source",
    "load",
]

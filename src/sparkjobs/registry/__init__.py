"""The functions that conf can name: `@job` and `@check` mark them, `collect` finds them. Nothing is global.

Here: what a function is called, what it asks for, where it stands.
Not here: conf (config), whether the two fit (plan), what a check's answer means (checks).
"""

from sparkjobs.registry.checks import CheckFunction, Parameter, check
from sparkjobs.registry.collect import Registry, collect, registry_of
from sparkjobs.registry.jobs import JobFunction, Marked, Param, job

__all__ = [
    "CheckFunction",
    "JobFunction",
    "Marked",
    "Param",
    "Parameter",
    "Registry",
    "check",
    "collect",
    "job",
    "registry_of",
]

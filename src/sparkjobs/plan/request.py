"""What the command line asks of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sparkjobs.plan.model import File, Window


@dataclass(frozen=True, slots=True)
class Pins:
    """What an earlier run was to do for one job."""

    committed: int
    mode: str
    window: Window | None
    files: Mapping[str, frozenset[File]]
    """By input."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which jobs, how, and from which inputs."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    full_refresh: bool = False
    window: Window = field(default_factory=Window)
    pins: Mapping[str, Pins] = field(default_factory=dict)
    """By job: what is done again, from the same files."""
    versions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By ("source" or "ref", name): the version of a table that is read instead of the newest."""
    replay: bool = False
    """Whether the rows in quarantine are taken again, and nothing else."""

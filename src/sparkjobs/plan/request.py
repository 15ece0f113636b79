"""What the command line asks of a plan."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from sparkjobs.errors import UsageError
from sparkjobs.plan.model import File, Logic, Window


@dataclass(frozen=True, slots=True)
class Pins:
    """What an earlier run was to do for one job."""

    committed: int
    mode: str
    window: Window | None
    files: Mapping[str, frozenset[File]]
    """By input."""


def _not_named() -> NoReturn:
    raise UsageError(
        "state: compares with an earlier plan, and none is named. The newest run's is not taken by itself.",
        "--state takes the folder of a run, or what `sparkjobs plan --output json > FILE` has kept.",
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier run was to do and did; asked only where a selector needs it."""

    logic: Callable[[], Mapping[str, Logic]] = _not_named
    """Of each job that the project had."""
    statuses: Callable[[], Mapping[str, str]] = dict
    """By job."""


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
    earlier: Earlier = field(default_factory=Earlier)
    """What selectors compare with."""

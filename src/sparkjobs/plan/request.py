"""What the command line asks of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sparkjobs.plan.model import File

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """The instants that interval jobs look at: none after `now`, and only the range of a backfill."""

    now: datetime = _BEGINNING
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pins:
    """What an earlier run read of one source or job."""

    files: frozenset[File]
    version: int | None


@dataclass(frozen=True, slots=True)
class Request:
    """Which jobs, how, and from which inputs."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    full_refresh: bool = False
    window: Window = Window()
    pins: Mapping[tuple[str, str], Pins] = field(default_factory=dict)
    """By ("source" or "ref", name): what is read again instead of what is there now."""

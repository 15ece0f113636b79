"""What Spark tells of its work for a job: of stages that ran, and of scans that it has planned."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure of the tasks of one stage."""

    median: float
    greatest: float


@dataclass(frozen=True, slots=True)
class Tasks:
    """How the work of one stage was spread over its tasks."""

    count: int
    run_ms: Spread
    shuffled: Spread
    """Bytes of shuffled rows that they read."""
    input: Spread
    """Bytes that they read of files and caches."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What Spark remembers of one stage of a job."""

    number: int
    spilled: int
    """Bytes written to disk because they did not fit into memory."""
    tasks: Tasks | None
    """None where the whole stage took too little to ask."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of files, as Spark plans it."""

    path: str
    """The folder of a table, or the first of the files."""
    partition_by: tuple[str, ...]
    partition_filters: tuple[str, ...]
    """They choose partitions, so that others are not read."""
    pushed_filters: tuple[str, ...]
    """They are compared with the statistics in files."""
    data_filters: tuple[str, ...]
    """Those that look at the rows of files, pushed or not."""
    partitions: int
    """How many are read; fewer where a filter compares with what is known only in the run."""
    files: int


@dataclass(frozen=True, slots=True)
class IdleFilter:
    """A condition on partition columns of a table, by which no partition was left out."""

    path: str
    """As that of a scan."""
    partition_by: tuple[str, ...]
    condition: str

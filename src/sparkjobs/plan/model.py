"""The frozen plan: `plan` prints it, `run` executes it, `plan.json` is it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sparkjobs.config import JobConf, Mode, Source
from sparkjobs.plan.checks import PlannedCheck
from sparkjobs.plan.parts import Part, Replayed
from sparkjobs.registry import JobFunction
from sparkjobs.sql_models import View

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """The instants that jobs by interval or column look at: none after `now`, only those of a backfill."""

    now: datetime = _BEGINNING
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class File:
    """One input file, pinned."""

    path: str
    """Relative to the project where it lies inside it, so that a moved project knows its files."""
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files that are read alike: CSV files with one header, or all files of another format."""

    columns: tuple[str, ...]
    """The header's names in its order; empty where the format brings its own."""
    header: str
    """The header line as it stands in the files."""
    files: tuple[File, ...]


Key = tuple[str, str, tuple[FileGroup, ...], Part | None]


@dataclass(frozen=True, slots=True)
class SourceInput:
    """An input that reads an external source; `version` pins a Delta table, `groups` pin files."""

    name: str
    source: str
    conf: Source
    groups: tuple[FileGroup, ...]
    version: int | None
    cached: bool
    identity: str | None = None
    """Of a Delta table; one that was made anew under the same path has another."""
    part: Part | None = None
    """Which of its rows are taken; None takes all."""
    rules: tuple[PlannedCheck, ...] = ()
    """Of its contract."""

    @property
    def key(self) -> Key:
        """What this input reads; inputs with one key are read once."""
        return "source", self.source, self.groups, self.part

    @property
    def files(self) -> tuple[File, ...]:
        """All pinned files."""
        return tuple(file for group in self.groups for file in group.files)

    def pinned(self) -> dict[str, Any]:
        """The entry of a manifest."""
        files = [[file.path, file.size, file.modified_ns] for file in sorted(self.files)]
        entry = {"name": self.name, "source": self.source, "version": self.version, "files": files}
        return entry | _told(self.identity, self.part)


@dataclass(frozen=True, slots=True)
class TableInput:
    """An input that reads what another job publishes, in this run or earlier."""

    name: str
    job: str
    format: Literal["delta", "parquet"]
    path: Path
    version: int | None
    """None: whatever that job publishes in this run."""
    cached: bool
    identity: str | None = None
    """Of the table; one that was made anew under the same path has another."""
    part: Part | None = None
    """Which of its rows are taken; None takes all."""

    @property
    def key(self) -> Key:
        """What this input reads; inputs with one key are read once."""
        return "ref", self.job, (), self.part

    def pinned(self) -> dict[str, Any]:
        """The entry of a manifest."""
        entry = {"name": self.name, "ref": self.job, "version": self.version}
        return entry | _told(self.identity, self.part)


PlannedInput = SourceInput | TableInput


def _told(identity: str | None, part: Part | None) -> dict[str, Any]:
    """What a manifest says of an input where there is something to say."""
    return ({"table": identity} if identity else {}) | ({"part": part.entry()} if part else {})


@dataclass(frozen=True, slots=True)
class JobPlan:
    """One job: what it reads, where it writes, and why it runs or does not."""

    name: str
    function: JobFunction
    conf: JobConf
    inputs: tuple[PlannedInput, ...]
    upstream: tuple[str, ...]
    """The planned jobs it has to wait for."""
    table: Path
    mode: Mode
    committed: int
    reasons: tuple[str, ...]
    """Why it runs; empty when it is up to date."""
    code: str
    fingerprint: str
    """Of the conf of the job and its sources."""
    views: tuple[View, ...] = ()
    """What it makes of its inputs before its function gets them, in this order."""
    checks: tuple[PlannedCheck, ...] = ()
    warnings: tuple[str, ...] = ()
    """What its author should know before it runs."""
    whole: "JobPlan | None" = None
    """What runs instead if only then it shows that the table must be made anew."""
    window: Window | None = None
    """The instants it was planned for; None where it does not go by them."""

    @property
    def runs(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.reasons)

    @property
    def kind(self) -> str:
        """What its result is, so that only what is alike is compared.

        `whole` for all rows of the table, `replay` for rejected rows, `backfill` for a range; else its mode.
        """
        if any(isinstance(one.part, Replayed) for one in self.inputs):
            return "replay"
        if self.mode == "overwrite" or not self.committed:
            return "whole"
        ranged = self.window is not None and (self.window.start or self.window.end)
        return "backfill" if ranged else self.mode


@dataclass(frozen=True, slots=True)
class Logic:
    """Fingerprints of what a job computes with."""

    code: str
    conf: str
    """Of the job and its sources."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """The selected jobs in the order they run."""

    project: str
    root: Path
    env: str | None
    jobs: tuple[JobPlan, ...]
    logic: Mapping[str, Logic] = field(default_factory=dict)
    """Of every job of the project, planned or not: what `state:modified` compares with later."""

    def readers(self) -> Mapping[Key, tuple[str, ...]]:
        """Per input of running jobs, who reads it: in order, and a job as often as it does."""
        found: dict[Key, list[str]] = {}
        for job in self.jobs:
            for one in job.inputs if job.runs else ():
                found.setdefault(one.key, []).append(job.name)
        return {key: tuple(jobs) for key, jobs in found.items()}

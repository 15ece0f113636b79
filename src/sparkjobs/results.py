"""The frozen values that the rooms hand to each other once something was done."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warn"]
CheckStatus = Literal["pass", "fail", "warn", "error", "learning"]
AnsweredBy = Literal["plan", "history", "footer", "scan", "keys", "pass", "contract"]
"""What answers a check, cheapest first: the schema or the plan, the profiles of this run and of earlier ones,
Parquet's footers, the one scan that all checks share, a pass over some key columns, a pass of its own; and
for a rule of a contract, the reading of its input."""
JobStatus = Literal["success", "no-op", "fail", "error", "skipped"]
AdviceKind = Literal["skew", "spill", "small files", "unpruned", "not compacted"]
PartitionValues = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Rows of one input: `read` = `valid` + `quarantined`, or it may not be published."""

    input: str
    read: int
    valid: int
    quarantined: int
    high: str | None = None
    """The new high-water mark, where the input is read by column."""
    warned: tuple[tuple[str, int], ...] = ()
    """How many rows break each rule of severity warn; none is rejected for it."""

    @property
    def exact(self) -> bool:
        """Whether no row is missing and none is counted twice."""
        return self.read == self.valid + self.quarantined


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What the footers of the staged files say of one column, over all files.

    `rows` and `nulls` are exact. `low` and `high` are None where the footers cannot tell.
    """

    rows: int
    nulls: int
    low: object | None
    high: object | None


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One Parquet file that waits to be published."""

    path: str
    """Relative to the attempt's folder, raw as on disk."""
    size: int
    modified_ms: int
    rows: int
    partition: PartitionValues
    stats: str
    """Delta's statistics of the file, as JSON text."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One attempt's files, complete and on disk, seen by no reader of the table."""

    folder: Path
    schema: str
    """Spark's (and Delta's) schema JSON, every column nullable."""
    partition_by: tuple[str, ...]
    files: tuple[StagedFile, ...]
    columns: tuple[tuple[str, ColumnFacts], ...]
    emptied: frozenset[PartitionValues] = frozenset()
    """Partitions of the table that are replaced, though no row is staged for them."""

    @property
    def rows(self) -> int:
        """Rows of all files together."""
        return sum(file.rows for file in self.files)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a pass over all rows tells of one column, about; made only where a job's conf asks for it."""

    distinct: int
    """How many values there are, nulls aside; within 2 % or so."""
    quantiles: tuple[float | None, ...]
    """At the ranks of `quality.sketches.RANKS`, None for infinity; empty where it holds no numbers."""
    common: tuple[tuple[str | None, int], ...]
    """The most common values as text, and exactly how often they come; None is null. Empty of very many."""
    sketches: tuple[tuple[str, str], ...] = ()
    """The sketches behind `distinct` and `quantiles` by these names, in base64."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What a profile tells of one column; None where the footers cannot tell."""

    kind: str
    """Its type, as Spark's schema JSON writes it."""
    nulls: int | None
    low: int | str | None
    """The least value as JSON holds it: whole numbers and booleans as they are, all else as text."""
    high: int | str | None
    estimates: Estimates | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the footers of staged files say of all their rows."""

    rows: int
    size: int
    """In bytes."""
    columns: tuple[tuple[str, ColumnProfile], ...]
    """All columns, in their order."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One judgement. `failing` of `evaluated` rows broke it; None where rows are not the unit."""

    name: str
    severity: Severity
    status: CheckStatus
    observed: str
    failing: int | None
    evaluated: int | None
    source: AnsweredBy
    """Always exactly."""
    description: str = ""
    sample: tuple[str, ...] = ()
    """Some of what broke it, as JSON objects of the columns it looks at."""


@dataclass(frozen=True, slots=True)
class Published:
    """What a commit made of the staged files."""

    version: int
    """Delta's table version; for Parquet the manifest number."""
    rows: int
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Extent:
    """What a table lies in."""

    files: int
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction made of a table's files; its rows are the same."""

    version: int
    """Delta's table version; for Parquet the manifest number."""
    before: Extent
    after: Extent


@dataclass(frozen=True, slots=True)
class Advice:
    """What made a job slow, or makes its table slow to read, and what of its conf mends that."""

    kind: AdviceKind
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class JobResult:
    """One job of one run, whatever became of it."""

    job: str
    status: JobStatus
    message: str
    started: str
    completed: str
    seconds: float
    table: str
    write_key: str | None = None
    ledgers: tuple[Ledger, ...] = ()
    staged: int | None = None
    published: Published | None = None
    checks: tuple[CheckResult, ...] = ()
    kind: str | None = None
    """Of its result, by which results can be compared; None where it did not come so far."""
    profile: Profile | None = None
    """Of the rows that were judged, or that were staged when it failed."""
    exit_code: int = 0
    """That of the error that ended it."""
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class RunResult:
    """Every planned job of one run, in the plan's order."""

    run_id: str
    started: str
    seconds: float
    jobs: tuple[JobResult, ...]

    @property
    def failed(self) -> tuple[JobResult, ...]:
        """The jobs that did not do what was asked."""
        return tuple(job for job in self.jobs if job.status in ("fail", "error", "skipped"))


@dataclass(frozen=True, slots=True)
class PastRun:
    """What became of one job in an earlier run, as its record tells it."""

    job: str
    run_id: str
    started: datetime
    """When the run started."""
    status: str
    kind: str | None
    """Of its result; None where there was none, or an older version wrote the record."""
    read: int
    quarantined: int
    published: int | None
    seconds: float
    profile: Profile | None
    checks: tuple[tuple[str, str], ...]
    """Name and status of each."""
    seen: tuple[str, ...] = ()
    """What was observed of each of `checks`."""
    message: str = ""
    """Why it ran, or failed, or did not run."""


@dataclass(frozen=True, slots=True)
class History:
    """A result beside those that it may be compared with: what checks of the past are handed."""

    now: datetime
    """When this run started."""
    profile: Profile
    """Of the rows that are judged; they are not among the baseline."""
    baseline: tuple[PastRun, ...]
    """The runs that published something of the same kind, newest last."""

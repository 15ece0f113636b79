"""How things fail.

SparkjobsError
├── UsageError                 exit 2   the command line asks for something that is not there
├── ConfigError                exit 2   mistakes in conf or job code, all at once, as file:line:col
├── SetupError                 exit 2   Java, jars or Spark are not as they must be
├── InputError                 exit 1   a source cannot be read as its conf says
├── StateError
│   ├── ForeignTableError      exit 1   the folder is not this job's table
│   ├── LostManifestError      exit 1   a committed manifest is no longer there
│   ├── DamagedStateError      exit 1   a file in _sparkjobs/ is not as it was written
│   ├── ForeignCommitError     exit 1   something else has changed the rows of a Delta table
│   ├── AppendAgainError       exit 1   an append would take rows it has appended before
│   ├── StateMovedError        exit 1   somebody published since the plan was made (retryable)
│   └── LockHeldError          exit 10  another run writes this table (retryable)
└── JobError
    ├── FunctionError          exit 1   the job's own function raised
    ├── ResultError            exit 1   what the function returned cannot be its output
    ├── StepError              exit 1   Spark, the disk or the store failed in one step
    ├── TooManyBadRowsError    exit 1   a source has more bad rows than its conf allows
    ├── LedgerError            exit 1   rows read are not rows valid plus rows quarantined
    ├── CheckFailedError       exit 1   a check of severity error failed on the staged files
    └── PublishError           exit 1   the staged files could not become the table

Each error is data; its text is three sentences over its own fields: what failed, what is true of
the data now, what to type next.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

UNTOUCHED = "Nothing was published; readers see what they saw before."


@dataclass(eq=False)
class SparkjobsError(Exception):
    """The root: its three sentences are templates over the fields of the class."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    what: ClassVar[str] = ""
    state: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __str__(self) -> str:
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        sentences = (self.what, self.state, self.hint)
        return "\n".join(text.format(**facts) for text in sentences if text)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


@dataclass(eq=False)
class UsageError(SparkjobsError):
    """The command line names something that does not exist."""

    problem: str
    suggestion: str

    exit_code = 2
    what = "{problem}"
    hint = "{suggestion}"


@dataclass(eq=False)
class ConfigError(SparkjobsError):
    """Every mistake that conf and job code hold, each with its place."""

    mistakes: tuple[str, ...]

    exit_code = 2

    def __str__(self) -> str:
        count = len(self.mistakes)
        noun = "mistake" if count == 1 else "mistakes"
        return "\n".join([*self.mistakes, f"{count} {noun} in the configuration; nothing was run."])


@dataclass(eq=False)
class SetupError(SparkjobsError):
    """The machine lacks something that Spark needs."""

    problem: str
    fix: str

    exit_code = 2
    what = "{problem}"
    state = "No Spark session was started and no data was touched."
    hint = "{fix}"


@dataclass(eq=False)
class InputError(SparkjobsError):
    """A source's files are not as its conf says."""

    source: str
    problems: tuple[str, ...]
    fix: str

    state = UNTOUCHED
    hint = "{fix}"

    def __str__(self) -> str:
        shown = [f"source {self.source!r}: {problem}" for problem in self.problems[:5]]
        if len(self.problems) > len(shown):
            shown.append(f"source {self.source!r}: and {len(self.problems) - len(shown)} more")
        return "\n".join([*shown, self.state, self.fix])


@dataclass(eq=False)
class StateError(SparkjobsError):
    """What a table knows of itself does not allow the run."""


@dataclass(eq=False)
class ForeignTableError(StateError):
    """The output's folder holds something this job did not write."""

    job: str
    path: str
    found: str

    what = "{job!r}: {path} is not a table of this job: {found}."
    state = "Nothing was read or written there."
    hint = "Give the job another output path, or move that folder away."


@dataclass(eq=False)
class LostManifestError(StateError):
    """The table carries the number of a manifest that is gone, so nobody knows what it holds."""

    job: str
    path: str
    number: int

    what = "{job!r}: manifest {number} of {path} is committed, but not in its _sparkjobs/manifests/."
    state = "Nothing was run; the table is as it was."
    hint = "Put the file back, or replace the whole table: `sparkjobs run {job} --full-refresh`."


@dataclass(eq=False)
class DamagedStateError(StateError):
    """A file of a table's state was changed by something else."""

    path: str
    problem: str

    what = "{path} is not as sparkjobs wrote it: {problem}."
    state = UNTOUCHED
    hint = "Put back a copy of it, or move the table away and run its job again."


@dataclass(eq=False)
class ForeignCommitError(StateError):
    """The last commit that changed the rows of a Delta table is not the job's."""

    job: str
    version: int
    operation: str

    what = "{job!r}: version {version} of its table is a {operation} that no run of it has made."
    state = "Nothing was run; the table is as that commit left it."
    hint = "Restore the version before it, or replace the whole table: `sparkjobs run {job} --full-refresh`."


@dataclass(eq=False)
class AppendAgainError(StateError):
    """An append would take input that it has appended before."""

    job: str
    input: str
    found: str

    what = "{job!r}: mode append would double rows: its input {input!r} holds {found}."
    state = "Nothing was run; the table is as it was."
    hint = (
        "Give it only new files; an input that is only joined is `lookup: true`. "
        "Or replace the whole table: `sparkjobs run {job} --full-refresh`."
    )


@dataclass(eq=False)
class StateMovedError(StateError):
    """The table's committed number is not the one that was planned from."""

    job: str
    planned: int
    found: int

    retryable = True
    what = "{job!r}: its table stands at manifest {found}, the plan was made from {planned}."
    state = "Another run has published meanwhile; this one published nothing."
    hint = "`sparkjobs run {job}` plans again from what is there now."


@dataclass(eq=False)
class LockHeldError(StateError):
    """Another process writes the table."""

    job: str
    path: str
    owner: str

    exit_code = 10
    retryable = True
    what = "{job!r}: {path} is being written by {owner}."
    state = UNTOUCHED
    hint = "Wait for that run to end, then `sparkjobs run {job}`."


@dataclass(eq=False)
class JobError(SparkjobsError):
    """A job failed; its table is as it was."""


@dataclass(eq=False)
class FunctionError(JobError):
    """The job's own function raised."""

    job: str
    place: str
    error: str

    what = "{job!r}: its function raised at {place}: {error}"
    state = UNTOUCHED
    hint = "Mend the function, then `sparkjobs run {job}`."


@dataclass(eq=False)
class ResultError(JobError):
    """What the function returned cannot be written as its output says."""

    job: str
    problem: str

    what = "{job!r}: {problem}"
    state = UNTOUCHED
    hint = "Mend the function or its `output:`, then `sparkjobs run {job}`."


@dataclass(eq=False)
class StepError(JobError):
    """Spark, the disk or the store failed while the job was at one step."""

    job: str
    step: str
    error: str

    what = "{job!r}: it failed to {step}: {error}"
    state = UNTOUCHED
    hint = "Mend what it names, then `sparkjobs run {job}`."


@dataclass(eq=False)
class TooManyBadRowsError(JobError):
    """A source has more bad rows than its `bad_rows:` allows."""

    job: str
    source: str
    quarantined: int
    read: int
    allowed: str
    kept_in: str

    what = "{job!r}: {quarantined} of {read} rows of {source!r} are bad; its conf allows {allowed}."
    state = "Nothing was published. The bad rows and their reasons: {kept_in}"
    hint = "Mend the files, or `bad_rows:` of the source, then `sparkjobs run {job}`."


@dataclass(eq=False)
class LedgerError(JobError):
    """The ledger of an input does not add up."""

    job: str
    input: str
    read: int
    valid: int
    quarantined: int

    what = "{job!r}: of {input!r}, {read} read is not {valid} valid + {quarantined} quarantined."
    state = UNTOUCHED
    hint = "A source that changes while it is read does this; `sparkjobs run {job}` counts again."


@dataclass(eq=False)
class CheckFailedError(JobError):
    """At least one check of severity error failed on the staged files."""

    job: str
    failed: tuple[str, ...]
    kept_in: str

    state = "Nothing was published; the staged files are kept until the next run: {kept_in}"
    hint = "Mend the data or the check, then `sparkjobs run {job}`."

    def __str__(self) -> str:
        told = [f"{self.job!r}: check {text}" for text in self.failed[:5]]
        if len(self.failed) > len(told):
            told.append(f"{self.job!r}: and {len(self.failed) - len(told)} more")
        return "\n".join([*told, self.state.format(kept_in=self.kept_in), self.hint.format(job=self.job)])


@dataclass(eq=False)
class PublishError(JobError):
    """The staged files could not become the table."""

    job: str
    problem: str
    fix: str

    what = "{job!r}: {problem}"
    state = UNTOUCHED
    hint = "{fix}"

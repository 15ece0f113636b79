"""A job failed; its table is as it was."""

from dataclasses import dataclass

from sparkjobs.errors.base import UNTOUCHED, SparkjobsError


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


@dataclass(eq=False)
class TransientError(JobError):
    """One step failed for a reason that may be gone by now."""

    job: str
    step: str
    error: str

    retryable = True
    what = "{job!r}: it failed to {step}: {error}"
    state = UNTOUCHED
    hint = "This kind of failure passes; `sparkjobs run {job}` tries again with the same inputs."


@dataclass(eq=False)
class StoppedError(JobError):
    """The process was asked to end."""

    job: str

    exit_code = 143
    what = "{job!r}: the run was told to stop (SIGTERM)."
    state = UNTOUCHED
    hint = "`sparkjobs retry` goes on with the same inputs."


@dataclass(eq=False)
class SchemaChangedError(JobError):
    """The result does not have the table's columns, and the conf does not say what to do then."""

    job: str
    different: str

    what = "{job!r}: its result does not have the table's columns: {different}."
    state = UNTOUCHED
    hint = (
        "Mend the function, say `on_schema_change: add_columns`, or replace the table: "
        "`sparkjobs run {job} --full-refresh`."
    )


@dataclass(eq=False)
class TiedRowsError(JobError):
    """Several different rows of the result claim one key, and nothing says which of them holds."""

    job: str
    keys: tuple[str, ...]
    count: int

    state = UNTOUCHED
    hint = "Name the columns that decide in `order_by` (or `sequence_by`), or mend the function."

    def __str__(self) -> str:
        shown = "; ".join(self.keys[:5]) + ("; …" if self.count > len(self.keys[:5]) else "")
        told = f"{self.job!r}: {self.count} keys have different rows that nothing puts in order: {shown}."
        return f"{told}\n{self.state}\n{self.hint}"


@dataclass(eq=False)
class NullKeyError(JobError):
    """A row without a key can be found by no later run."""

    job: str
    columns: str
    count: int

    what = "{job!r}: {count} rows of its result have a null in {columns}."
    state = UNTOUCHED
    hint = "Filter them in the function, or let the source's contract quarantine them: `not_null: true`."


@dataclass(eq=False)
class LateSnapshotError(JobError):
    """A snapshot is older than one that was published: which keys it closed is not known any more."""

    job: str
    found: str
    newest: str

    what = "{job!r}: a snapshot of {found} came after that of {newest} was published."
    state = UNTOUCHED
    hint = "`sparkjobs run {job} --full-refresh` places all snapshots in order."


@dataclass(eq=False)
class PartialSnapshotError(JobError):
    """Rows of a snapshot were rejected: their keys would be taken for absent ones, and closed."""

    job: str
    input: str
    quarantined: int
    kept_in: str

    what = "{job!r}: {quarantined} rows of {input!r} are bad; `absent_keys: close` would end their histories."
    state = "Nothing was published. The bad rows and their reasons: {kept_in}"
    hint = "Mend the files, or the contract of the source, then `sparkjobs run {job}`."


@dataclass(eq=False)
class HistoryError(JobError):
    """The history that would be published is not one: two current rows, a gap, an overlap."""

    job: str
    problems: tuple[str, ...]

    state = UNTOUCHED
    hint = "The table was changed by something else; `sparkjobs run {job} --full-refresh` makes it anew."

    def __str__(self) -> str:
        told = [f"{self.job!r}: {problem}" for problem in self.problems[:5]]
        return "\n".join([*told, self.state, self.hint.format(job=self.job)])

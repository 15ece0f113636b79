"""What a table knows of itself does not allow the run."""

from dataclasses import dataclass

from sparkjobs.errors.base import UNTOUCHED, SparkjobsError


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
class StateResetError(StateError):
    """Somebody has reset the state since the plan was made."""

    job: str

    retryable = True
    what = "{job!r}: its state was reset after the plan was made."
    state = "This run published nothing."
    hint = "`sparkjobs run {job}` makes the whole table anew."


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
class LogicChangedError(StateError):
    """An incremental job's code or conf is not what its table was made with."""

    job: str
    changed: str

    what = "{job!r}: its {changed} changed since its table was last added to; rows would not agree."
    state = "Nothing was run; the table is as it was."
    hint = (
        "`sparkjobs run {job} --full-refresh` makes every row anew (so does `on_change: full_refresh`), "
        "`sparkjobs state adopt {job}` says that the old rows are still right."
    )


@dataclass(eq=False)
class GoneFilesError(StateError):
    """A table would be made anew without rows that it has, and nobody has asked for that."""

    job: str
    count: int
    files: str

    what = (
        "{job!r}: its table has to be made anew, and {count} of the files it was made from are gone: {files}."
    )
    state = UNTOUCHED
    hint = (
        "Put them back, or go on without their rows: `sparkjobs run {job} --full-refresh`. After a change of "
        "code or conf, `sparkjobs state adopt {job}` says that the old rows are still right."
    )


@dataclass(eq=False)
class LostTableError(StateError):
    """The state says what was published, and the table is gone."""

    job: str
    path: str
    number: int

    what = "{job!r}: manifest {number} was published to {path}, where no table is any more."
    state = "Nothing was run."
    hint = "Put the table back, or make it anew: `sparkjobs run {job} --full-refresh`."


@dataclass(eq=False)
class RestoredTableError(StateError):
    """Somebody has restored a Delta table to an older version, by other means than `sparkjobs restore`."""

    job: str
    version: int
    to_version: int

    what = "{job!r}: its table was restored to version {to_version}, by version {version}, not by sparkjobs."
    state = "Nothing was run; the table is as it was left."
    hint = (
        "`sparkjobs state adopt {job}` goes on from there: what was published after version {to_version} is "
        "taken again. `sparkjobs run {job} --full-refresh` replaces the table."
    )


@dataclass(eq=False)
class UnknownVersionError(StateError):
    """Nothing tells which manifest was in force at a version of a Delta table."""

    job: str
    version: int

    what = "{job!r}: no manifest tells which inputs version {version} of its table holds."
    state = "Nothing was restored or adopted; the table is as it was."
    hint = (
        "`sparkjobs restore {job} --to-version N` goes back to a version that a run has published, "
        "`sparkjobs run {job} --full-refresh` replaces the table."
    )


@dataclass(eq=False)
class UpstreamRewrittenError(StateError):
    """Rows of an input that were published before have been rewritten or deleted since."""

    job: str
    input: str
    found: str

    what = "{job!r}: rows of its input {input!r} that it has taken before are not the same any more: {found}."
    state = UNTOUCHED
    hint = (
        "`sparkjobs run {job} --full-refresh` takes everything again (so does `on_rewrite: full_refresh`), "
        "`sparkjobs state adopt {job}` goes on with what is added from now on."
    )

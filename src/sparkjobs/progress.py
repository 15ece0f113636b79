"""A run and how far each of its jobs came: what the flow reads, and what it leaves for the record."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock

from deltalake.exceptions import DeltaError
from py4j.protocol import Py4JError
from pyarrow import ArrowException
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from sparkjobs import session
from sparkjobs.config.references import UnknownReferenceError
from sparkjobs.errors import StepError, TransientError
from sparkjobs.lineage.reporting import Reporter
from sparkjobs.plan import RunPlan
from sparkjobs.record import Event
from sparkjobs.results import Advice, CheckResult, Estimates, Ledger, PastRun, Published, Staged
from sparkjobs.shelf import Shelf
from sparkjobs.stop import Halt
from sparkjobs.transient import transient

Clock = Callable[[], datetime]
Emit = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same for all jobs of a run."""

    run_id: str
    plan: RunPlan
    shelf: Shelf | None
    """None when nothing runs."""
    clock: Clock
    emit: Emit
    now: datetime
    """What checks of time compare with, in all jobs."""
    lock_wait_s: float = 0
    fail_fast: bool = False
    past: Mapping[str, tuple[PastRun, ...]] = field(default_factory=dict)
    """The recorded runs of each job, oldest first; none where no check compares with them."""
    reporter: Reporter | None = None
    """What tells other tools of the jobs; None where conf does not want it."""
    halt: Halt = field(default_factory=Halt)
    repairs: dict[Path, Lock] = field(default_factory=dict)
    """For each table that several jobs find left half made: one of them finishes it, the others wait."""


@dataclass(slots=True)
class Progress:
    """How far a job came: what its result can tell even when it fails."""

    manifest: int | None = None
    ledgers: list[Ledger] = field(default_factory=list)
    kind: str | None = None
    frame: DataFrame | None = None
    """What the function returned."""
    staged: Staged | None = None
    judged: Staged | None = None
    """The rows that come into the table: what is staged, or what of it differs from what is there."""
    estimates: Mapping[str, Estimates] = field(default_factory=dict)
    """Of the columns of these rows, where conf asks for them."""
    checks: tuple[CheckResult, ...] = ()
    published: Published | None = None
    advice: tuple[Advice, ...] = ()
    """On what went wrong after it had published."""

    def forget(self) -> None:
        """Begin again: what a failed try came to counts for nothing."""
        self.manifest, self.ledgers, self.estimates, self.checks = None, [], {}, ()
        self.kind, self.frame, self.staged, self.judged, self.published = None, None, None, None, None


@contextmanager
def step(run: Run, job: str, name: str) -> Iterator[None]:
    """One step of the flow; what fails inside it becomes an error that names it.

    Raises:
        Stopped: the run was told to stop.
        TransientError: the step failed for a reason that passes.
        StepError: it failed for one that stays.
    """
    run.halt.check()
    run.emit(Event(run.clock().isoformat(), "step", job, {"step": name}))
    with told(job, name):
        yield


@contextmanager
def told(job: str, name: str) -> Iterator[None]:
    """`step` without an event.

    Raises:
        TransientError: the step failed for a reason that passes.
        StepError: it failed for one that stays.
    """
    try:
        yield
    except (PySparkException, Py4JError, DeltaError, ArrowException, OSError, UnknownReferenceError) as error:
        kind = TransientError if transient(error) else StepError
        raise kind(job, name, session.root_cause(error)) from error

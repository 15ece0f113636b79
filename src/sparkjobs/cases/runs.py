"""A case with runs: each is a real run over the same tables, and may be killed at a named point."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from signal import SIGKILL

from pyspark.sql import DataFrame, SparkSession

from sparkjobs.cases.calls import unlike
from sparkjobs.cases.find import Placed
from sparkjobs.cases.landing import land
from sparkjobs.cases.rejected import unlike_rejected
from sparkjobs.cases.stage import cast_of, given_of, staged
from sparkjobs.config import Conf
from sparkjobs.config.cases import CaseRun
from sparkjobs.errors import SparkjobsError
from sparkjobs.faults import VARIABLE
from sparkjobs.plan import Request, TableInput, Window, build
from sparkjobs.read import read_table
from sparkjobs.registry import Registry, registry_of
from sparkjobs.results import JobResult
from sparkjobs.run import Orders, execute
from sparkjobs.session import start_brief
from sparkjobs.state import look

_PARENTS = ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET")
"""What leads a process to the JVM of its parent."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a case is played."""

    spark: SparkSession
    conf: Conf
    registry: Registry
    case: Placed
    now: datetime

    @property
    def table(self) -> Path:
        """Where the table of the job lies."""
        return Path(self.conf.jobs[self.case.job].output.path)

    def rows(self) -> DataFrame | None:
        """What readers of the table see; None before it was published."""
        output = self.conf.jobs[self.case.job].output
        version = look(self.case.job, self.table, output.format).version
        if version is None:
            return None
        planned = TableInput("", self.case.job, output.format, self.table, version, cached=False)
        return read_table(self.spark, planned, version)


def played(
    spark: SparkSession, conf: Conf, registry: Registry, case: Placed, now: datetime, folder: Path
) -> str | None:
    """What is wrong after the first run that does not end as its case expects; None where all do.

    `conf` has the params of the case. Tables and files are made in `folder`.

    Raises:
        MistakeError: a value is not one of its column's type.
    """
    of_case = staged(conf, case, folder)
    stage = Stage(spark, of_case, cast_of(of_case, registry), case, now)
    for number, run in enumerate(case.body.runs):
        if problem := _run(stage, number, run):
            return f"run {number + 1}: {problem}"
    return None


def _run(stage: Stage, number: int, run: CaseRun) -> str | None:
    _arrive(stage, number, run)
    error, result = _tried(stage, run)
    if run.fails is None and error is not None:
        return error
    if run.fails is not None and run.fails not in (error or ""):
        return f"it was to fail with {run.fails!r}: {error or 'it succeeded'}"
    if run.expect_quarantined is not None:
        expected = stage.case.table(run.expect_quarantined, "runs", number, "expect_quarantined")
        if problem := unlike_rejected(stage.conf, stage.table, result, expected):
            return f"in quarantine: {problem}"
    if run.expect is None:
        return None
    expected, rows = stage.case.table(run.expect, "runs", number, "expect"), stage.rows()
    if rows is None:
        return "the table was never published" if expected.rows else None
    return unlike(rows, expected)


def _arrive(stage: Stage, number: int, run: CaseRun) -> None:
    """Put the rows of each input where the project of the case finds them."""
    for name in run.given:
        one = stage.conf.jobs[stage.case.job].inputs[name]
        source = stage.conf.sources[one.source or given_of(str(one.ref))]
        table = stage.case.table(run.given[name], "runs", number, "given", name)
        alike = [other for given, other in stage.case.inputs() if given == name]
        land(stage.spark, table, alike, source, number)


def _tried(stage: Stage, run: CaseRun) -> tuple[str | None, JobResult | None]:
    """The error of a run, and its result where it came so far; one that was to be killed has none."""
    refs = tuple(name for name in stage.conf.jobs if name != stage.case.job)
    now = run.now or stage.now
    try:
        for selected in filter(None, (refs, () if run.crash else (stage.case.job,))):
            results = _executed(stage.conf, stage.registry, selected, now, lambda _: stage.spark)
            if failed := [one for one in results if one.status not in ("success", "no-op")]:
                return failed[0].message, None
    except SparkjobsError as error:
        return str(error), None
    return (_survived(stage, run.crash, now), None) if run.crash else (None, results[0])


def _executed(
    conf: Conf,
    registry: Registry,
    jobs: tuple[str, ...],
    now: datetime,
    session: Callable[[Conf], SparkSession],
) -> tuple[JobResult, ...]:
    plan = build(conf, registry, Request(jobs, window=Window(now)))
    # what Spark remembers of a run is looked up by its name
    return execute(session, conf, plan, Orders(token_hex(8), lambda: now, lambda _: None)).jobs


def _survived(stage: Stage, point: str, now: datetime) -> str | None:
    """Run the job in a process that is killed at `point`; what is wrong when it was not."""
    ours = {name: value for name, value in os.environ.items() if name not in _PARENTS}
    done = subprocess.run(  # noqa: S603 (this very program)
        [sys.executable, "-c", f"from {__name__} import until_killed; until_killed()"],
        input=pickle.dumps((stage.conf, stage.case.job, now)),
        env={**ours, VARIABLE: point, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=stage.case.root,
        capture_output=True,  # so that it ends no sooner than its JVM
        check=False,
    )
    if done.returncode == -SIGKILL:
        return None
    told = done.stderr.decode(errors="replace").strip().splitlines()[-5:]
    return "\n".join((f"it was not killed, for it never came to {point!r}", *told))


def until_killed() -> None:
    """In a process of its own: run the job that the parent says, which kills it at a point."""
    conf, job, now = pickle.load(sys.stdin.buffer)  # noqa: S301 (what _survived has written)
    registry = cast_of(conf, registry_of(conf))
    (result,) = _executed(conf, registry, (job,), now, start_brief)
    os.write(2, result.message.encode())

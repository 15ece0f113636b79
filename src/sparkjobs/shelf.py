"""The shelf: what several jobs of a run read is opened once, cached, and released after its last user."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession

from sparkjobs import jvm, session
from sparkjobs.config import Conf
from sparkjobs.errors import InputError, TransientError
from sparkjobs.plan import JobPlan, Key, PlannedInput, RunPlan, SourceInput, TableInput
from sparkjobs.quality import Contracted, Counted, apply, counted
from sparkjobs.read import Sound, read_source, read_table
from sparkjobs.sql import refuse_expressions
from sparkjobs.state import interrupted, state_folder, table_rows
from sparkjobs.state.durable import read_json


@dataclass(frozen=True, slots=True)
class Opened:
    """An input, ready for a job's function."""

    frame: DataFrame
    contracted: Contracted | None = None
    """The contract of a source; None where it has none, and for what another job published."""
    counted: Counted | None = None
    """How a part of a published table is counted."""
    rows: int = 0
    """The rows of a source without contract, or of a whole published table."""

    def was_read(self, spark: SparkSession) -> bool:
        """Whether something that counts in flight was read already: by the job's function, maybe in part."""
        counting = self.contracted or self.counted
        observation = counting.observation if counting else None
        return observation is not None and jvm.observed(spark, observation) is not None


class Shelf:
    """Opens inputs, and keeps those that are cached for as long as a job needs them; for any thread."""

    def __init__(self, spark: SparkSession, plan: RunPlan, now: datetime, *, apart: bool = False) -> None:
        self.spark, self.now = spark, now
        self._root, self._readers, self._apart = plan.root, plan.readers(), apart
        self._opening: dict[Key, Lock] = {}
        self._kept: dict[Key, Opened] = {}
        self._done: set[str] = set()
        self._releasing = Lock()

    def session(self, job: JobPlan) -> SparkSession:
        """The session in which `job` runs: one of its own where jobs run apart, each in a thread."""
        return session.apart(self.spark, job.name) if self._apart else self.spark

    def open(self, spark: SparkSession, job: JobPlan, one: PlannedInput, version: int | None) -> Opened:
        """The input `one` of `job`, whose session is `spark`; a cached one is the same for all of its users.

        Raises:
            InputError: a file's columns are not the declared ones.
        """
        with self._opening.setdefault(one.key, Lock()):
            opened = self._kept.get(one.key)
            if opened is None:
                opened = self._opened(self.spark if one.cached else spark, job, one, version)
                if one.cached:
                    self._kept[one.key] = opened
        frame = jvm.in_session(spark, opened.frame)
        # a function that drops a view of the very frame that is cached would take it out of the cache for all
        return replace(opened, frame=frame.filter("true") if one.cached else frame)

    def release(self, job: JobPlan) -> None:
        """Forget every cached input that no job after `job` reads."""
        with self._releasing:
            self._done.add(job.name)
            for key in list(self._kept):
                if set(self._readers[key]) <= self._done:
                    opened = self._kept.pop(key)
                    rows = opened.contracted.rows if opened.contracted else opened.frame
                    with suppress(Py4JError, OSError):  # the JVM is gone, and what it cached with it
                        rows.unpersist(blocking=False)

    def _opened(self, spark: SparkSession, job: JobPlan, one: PlannedInput, version: int | None) -> Opened:
        if isinstance(one, SourceInput):
            return self._source(spark, one)
        return self._table(spark, job, one, version)

    def _source(self, spark: SparkSession, one: SourceInput) -> Opened:
        incoming = read_source(spark, one, self._root)
        if isinstance(incoming, Sound):
            return Opened(_cached(incoming.rows, one), rows=incoming.count)
        try:
            contracted = apply(spark, one, incoming.rows, incoming.headers, self.now)
        except ValueError as error:
            raise InputError(one.source, (str(error),), "Mend its `rules:` in conf/sources.yml.") from error
        return Opened(contracted.valid, contracted)

    def _table(self, spark: SparkSession, job: JobPlan, one: TableInput, version: int | None) -> Opened:
        assert version is not None, (job.name, one.name)  # noqa: S101 (its job has published, or this one is skipped)
        with steady(job, one):
            frame = read_table(spark, one, version)
            if one.part is not None:
                part = counted(one.job, frame, one.part, cached=one.cached)
                return Opened(part.rows, counted=part)
            rows = table_rows(one.path, one.format, version)
            return Opened(_cached(frame, one), rows=rows)


def _cached(frame: DataFrame, one: PlannedInput) -> DataFrame:
    """`frame`, which Spark keeps once it is read where the plan says so."""
    return frame.persist() if one.cached else frame


@contextmanager
def steady(job: JobPlan, one: TableInput) -> Iterator[None]:
    """Make sure that the files of a Parquet table stay where they are while they are listed.

    Raises:
        TransientError: a compaction, which leaves the number in force as it is, has moved some.
    """
    committed = state_folder(one.path) / "committed.json"
    before = read_json(committed)

    def refuse_moved() -> None:
        if one.format == "parquet" and (interrupted(one.path) or read_json(committed) != before):
            raise TransientError(job.name, "read", f"files of {one.job} were moved while they were listed")

    try:
        yield
    except Exception:
        refuse_moved()
        raise
    refuse_moved()


def shelf_of(
    start: Callable[[Conf], SparkSession],
    conf: Conf,
    plan: RunPlan,
    now: datetime,
    *,
    apart: bool = False,
) -> Shelf | None:
    """What the jobs of `plan` read, in a session that is fit for it; None where nothing runs.

    Raises:
        ConfigError: a rule or check holds an expression that may not run.
        SetupError: Delta's jars are missing.
    """
    running = [job for job in plan.jobs if job.runs]
    if not running:
        return None
    spark = start(conf)
    if any(job.conf.output.format == "delta" for job in running):
        session.require_delta(spark)
    refuse_expressions(spark, conf, plan)
    return Shelf(spark, plan, now, apart=apart)

"""The shelf: what several jobs of a run read is opened once, cached, and released after its last user."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from py4j.protocol import Py4JError
from pyspark.sql import DataFrame, SparkSession

from sparkjobs.errors import InputError
from sparkjobs.plan import JobPlan, Key, PlannedInput, RunPlan, SourceInput, TableInput
from sparkjobs.quality import Contracted, Counted, apply, counted
from sparkjobs.read import read_source, read_table
from sparkjobs.state import table_rows


@dataclass(frozen=True, slots=True)
class Opened:
    """An input, ready for a job's function."""

    frame: DataFrame
    contracted: Contracted | None = None
    """The contract of a source; None for what another job published."""
    counted: Counted | None = None
    """How a part of a published table is counted."""
    rows: int = 0
    """The rows of a whole published table."""


class Shelf:
    """Opens inputs, and keeps those that are cached for as long as a job needs them."""

    def __init__(self, spark: SparkSession, plan: RunPlan, now: datetime) -> None:
        self.spark, self.now = spark, now
        self._root, self._readers = plan.root, plan.readers()
        self._kept: dict[Key, Opened] = {}
        self._done: set[str] = set()

    def open(self, job: JobPlan, one: PlannedInput, version: int | None) -> Opened:
        """The input `one` of `job`; a cached one is the same for all of its users.

        Raises:
            InputError: a file's columns are not the declared ones.
        """
        if one.key in self._kept:
            return self._kept[one.key]
        opened = self._source(one) if isinstance(one, SourceInput) else self._table(job, one, version)
        if one.cached:
            self._kept[one.key] = opened
        return opened

    def release(self, job: JobPlan) -> None:
        """Forget every cached input that no job after `job` reads."""
        self._done.add(job.name)
        for key in list(self._kept):
            if set(self._readers[key]) <= self._done:
                opened = self._kept.pop(key)
                with suppress(Py4JError, OSError):  # the JVM is gone, and what it cached with it
                    (opened.contracted.rows if opened.contracted else opened.frame).unpersist(blocking=False)

    def _source(self, one: SourceInput) -> Opened:
        incoming = read_source(self.spark, one, self._root)
        try:
            contracted = apply(self.spark, one, incoming.rows, incoming.headers, self.now)
        except ValueError as error:
            raise InputError(one.source, (str(error),), "Mend its `rules:` in conf/sources.yml.") from error
        return Opened(contracted.valid, contracted)

    def _table(self, job: JobPlan, one: TableInput, version: int | None) -> Opened:
        assert version is not None, (job.name, one.name)  # noqa: S101 (its job has published, or this one is skipped)
        frame = read_table(self.spark, one, version)
        if one.part is not None:
            part = counted(one.job, frame, one.part, cached=one.cached)
            return Opened(part.rows, counted=part)
        rows = table_rows(one.path, one.format, version)
        return Opened(frame.persist() if one.cached else frame, rows=rows)

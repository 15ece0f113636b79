"""A table that results are published to, one after another, as the flow does it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession

from sparkjobs.config import MergeOutput, Scd2Output
from sparkjobs.publish import (
    Attempt,
    Changes,
    Standing,
    commit,
    find_changes,
    kept_rows,
    put_unseen_in_force,
    refuse,
    stage,
)
from sparkjobs.state import Outcome, state_folder, write_outcome
from tests.projects import rows, table

FORMATS = ["delta", "parquet"]
Row = tuple[object, ...]


class Target:
    """One table, its unseen events and its newest snapshot, run by run."""

    def __init__(
        self, spark: SparkSession, path: Path, output: MergeOutput | Scd2Output, schema: str
    ) -> None:
        self.spark, self.path, self.output, self.schema = spark, path, output, schema
        self.number = 0
        self.unseen: tuple[int, ...] = ()
        self.newest: str | None = None

    def attempt(self) -> Attempt:
        self.number += 1
        (self.path / "_sparkjobs").mkdir(parents=True, exist_ok=True)
        return Attempt("job", self.path, self.output.format, self.number, "run", f"{self.number:08x}")

    def found(self, attempt: Attempt, result: Sequence[Row] | DataFrame, *, refresh: bool = False) -> Changes:
        """The changes that `result` makes, before they are committed."""
        frame = result if isinstance(result, DataFrame) else self.frame(result)
        assert refuse(frame, self.output) is None
        staged = stage(self.spark, frame, self.output, attempt.result)
        standing = None
        if attempt.number > 1 and not refresh:
            version = DeltaTable(self.path).version() if self.output.format == "delta" else None
            standing = Standing(version, self.unseen, self.newest)
        return find_changes(self.spark, attempt, staged, self.output, standing)

    def publish(self, result: Sequence[Row] | DataFrame, *, refresh: bool = False) -> Changes:
        """Publish `result` in the next manifest."""
        attempt = self.attempt()
        changes = self.found(attempt, result, refresh=refresh)
        put_unseen_in_force(attempt, changes)
        outcome = Outcome(unseen=changes.unseen is not None)
        write_outcome(state_folder(self.path), attempt.number, outcome)
        commit(self.spark, attempt, changes, self.output.mode)
        shutil.rmtree(attempt.scratch, ignore_errors=True)
        self.unseen = (*(() if changes.whole else self.unseen), attempt.number)
        self.newest = changes.high or self.newest
        return changes

    def frame(self, result: Sequence[Row]) -> DataFrame:
        return self.spark.createDataFrame(list(result), self.schema)

    def rows(self) -> list[Row]:
        """What readers of the table see."""
        return rows(self.spark, self.path)

    def table(self) -> DataFrame:
        return table(self.spark, self.path)

    def kept(self, attempt: Attempt, changes: Changes) -> list[Row]:
        """The rows that `changes` leave where they are."""
        stay = kept_rows(self.spark, attempt, changes, self.output.mode, exists=True)(())
        return [] if stay is None else sorted((tuple(row) for row in stay.collect()), key=repr)

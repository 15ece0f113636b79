"""One trial: a published table, a second input, faults, one more run, a third input; what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import SparkSession

from sparkjobs.results import JobResult
from tests.faults.cases import CASES, CODE, Case, Row, deliver, project
from tests.faults.points import Seen
from tests.faults.readers import Polled, differences, leftovers, quarantined, seen
from tests.faults.tally import Entry, add
from tests.projects import run


@dataclass(frozen=True, slots=True)
class Trials:
    """What all trials of one test share."""

    spark: SparkSession
    root: Path

    def new(self, mode: str, table_format: str, folder: str = "") -> "Trial":
        """A trial in a folder of its own, where a test has several."""
        return Trial(self, mode, table_format, self.root / folder)


class Trial:
    """A project in the midst of being hurt."""

    def __init__(self, trials: "Trials", mode: str, table_format: str, root: Path) -> None:
        self.spark, self.root, self.format = trials.spark, root, table_format
        self.case: Case = CASES[mode]
        self.table = root / "warehouse/events"
        self.misread = 0
        self._trials = trials

    def begin(self, code: str = CODE, conf: str = "") -> None:
        """Publish the first input, deliver the second."""
        project(self.root, self.case, self.format, code, conf)
        published = run(self.spark, self.root)["events"]
        assert published.status == "success", published.message
        assert self.rows() == list(self.case.first)
        deliver(self.root, self.case, 1)

    def rows(self) -> list[Row]:
        """What readers see now."""
        return seen(self.spark, self.table)

    def look(self, expected: Seen) -> None:
        """Make sure that readers see what they may; only a Parquet table may show a part."""
        if expected == "part":
            assert self.format == "parquet"
            assert (self.table / "_sparkjobs/journal.json").exists()
            self.misread += tuple(self.rows()) not in (self.case.first, self.case.second)
            return
        wanted = self.case.first if expected == "old" else self.case.second
        found = self.rows()
        self.misread += found != list(wanted)
        assert found == list(wanted)

    def look_after_any_moment(self) -> None:
        """Make sure that readers see the old rows or the new; on Parquet a part while there is a journal."""
        found = tuple(self.rows())
        if found not in (self.case.first, self.case.second):
            self.misread += 1
            assert self.format == "parquet", found
            assert (self.table / "_sparkjobs/journal.json").exists(), found

    def only_whole_states(self, polled: Polled) -> None:
        """Make sure that a reader of a Delta table saw the old rows, then the new, and nothing else."""
        whole = ([self.case.first], [self.case.first, self.case.second])
        self.misread += len(polled.problems) + (polled.states not in whole)
        assert polled.problems == []
        assert polled.looks
        assert polled.states in whole

    def run_again(self) -> JobResult:
        """One more run, in this process; it must publish the second input if that was not done yet."""
        return run(self.spark, self.root)["events"]

    def conclude(self, what: str, where: Sequence[str], result: JobResult) -> None:
        """Count what the table lacks or has too often, then make sure that it goes on as a healthy one."""
        lost, doubled = differences(self.rows(), self.case.second)
        place, faults = " > ".join(where), len(where)
        add(
            Entry(
                what, "sparkjobs", self.case.mode, self.format, place, faults, 1, lost, doubled, self.misread
            )
        )
        assert (lost, doubled) == (0, 0), result
        assert self.rows() == list(self.case.second)
        if result.status == "success":
            (ledger,) = result.ledgers
            assert (ledger.read, ledger.valid, ledger.quarantined) == self.case.ledger
        self._goes_on()

    def _goes_on(self) -> None:
        assert run(self.spark, self.root)["events"].status == "no-op"
        assert quarantined(self.spark, self.table) == self.case.ledger[2]
        deliver(self.root, self.case, 2)
        assert run(self.spark, self.root)["events"].status == "success"
        assert self.rows() == list(self.case.third)
        assert quarantined(self.spark, self.table) == self.case.ledger[2]
        assert leftovers(self.table) == []

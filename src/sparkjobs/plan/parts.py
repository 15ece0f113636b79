"""Parts: which rows of an input an incremental job takes, where it does not take all of them."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sparkjobs.plan.intervals import Interval


@dataclass(frozen=True, slots=True)
class Since:
    """Rows whose `column` has reached `mark` less `lookback`, and those where it is null."""

    column: str
    mark: str | None
    """The high-water mark as Spark writes it in UTC; None takes every row."""
    lookback: str | None
    until: datetime
    """When it was planned: a time after it is taken, but moves no mark, for older rows may still come."""

    def __str__(self) -> str:
        back = f" less {self.lookback}" if self.lookback else ""
        return f"{self.column} from {self.mark}{back}" if self.mark is not None else f"every {self.column}"

    def entry(self) -> dict[str, Any]:
        """As a manifest tells it."""
        return {"column": self.column, "mark": self.mark, "lookback": self.lookback}


@dataclass(frozen=True, slots=True)
class Added:
    """What a Delta table got after version `after`: its added rows, or all rows of changed partitions."""

    after: int
    partitions: tuple[str, ...]
    """The columns of the partitions that are taken whole; empty takes the added rows."""
    identity: str | None = None
    """Of the table that `after` is a version of."""

    def __str__(self) -> str:
        if self.partitions:
            return f"the partitions by {', '.join(self.partitions)} that changed after version {self.after}"
        return f"rows added after version {self.after}"

    def entry(self) -> dict[str, Any]:
        """As a manifest tells it."""
        return {"after": self.after, "partitions": list(self.partitions)}


@dataclass(frozen=True, slots=True)
class Within:
    """Rows whose `column` lies in one of `intervals`, which are joined."""

    column: str
    intervals: tuple[Interval, ...]

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.intervals[:5])) + (", …" if len(self.intervals) > 5 else "")  # noqa: PLR2004 (what fits a line)
        return f"{self.column} in {shown}"

    def entry(self) -> dict[str, Any]:
        """As a manifest tells it."""
        spans = [[one.start.isoformat(), one.end.isoformat()] for one in self.intervals]
        return {"column": self.column, "intervals": spans}


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one input that one manifest has rejected."""

    number: int
    folder: Path
    without: tuple[str, ...]
    """Files whose rows wait no more, as the records name them."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The rows that wait in the quarantine of some manifests."""

    batches: tuple[Batch, ...]

    def __str__(self) -> str:
        return f"rejected rows of manifests {', '.join(str(one.number) for one in self.batches)}"

    def entry(self) -> dict[str, Any]:
        """As a manifest tells it: once it is committed, these rows are not in the quarantine any more."""
        return {"replayed": [one.number for one in self.batches]}


Part = Since | Added | Within | Replayed

"""Changes: what one run of a merge or a history does to its table, and where it lies on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.config import MergeOutput, Scd2Output
from sparkjobs.results import Staged, StagedFile

CHANGE: Final = "_sparkjobs_change"
"""Names the kind of a change; the change set is partitioned by it, so each kind is a folder of its own."""
ROW: Final = "row"
"""A row exactly as it will stand in the table: a new one, or what an old one becomes."""
GONE: Final = "gone"
"""A row of the table that leaves its place."""
UNSEEN: Final = "unseen"
"""An event that leaves no row of its own, without which a late row would be placed wrongly."""
TIE: Final = "tie"
"""One of several different rows that claim one key, or one moment of it."""

_ROW = "_sparkjobs_row"


@dataclass(frozen=True, slots=True)
class Changes:
    """The change set of one attempt, complete and on disk."""

    output: MergeOutput | Scd2Output
    version: int | None
    """The version of the table that it was computed from; None for a Parquet table, or none."""
    whole: bool
    """Whether `rows` are the whole table, which takes the place of whatever stands there."""
    rows: Staged
    gone: Staged
    unseen: Path | None
    high: str | None
    """The highest `sequence_by` of the result, as text; None for a merge, or without rows."""

    @property
    def nothing(self) -> bool:
        """Whether the table stays as it is."""
        return not self.whole and not self.files

    @property
    def files(self) -> tuple[StagedFile, ...]:
        """The files of all rows that come or go."""
        return (*self.rows.files, *self.gone.files)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns, none of them null, of which no two rows of a partition have the same values."""
        own = (self.output.valid_from,) if isinstance(self.output, Scd2Output) else ()
        return (*self.output.keys, *own)


def change_set(decided: DataFrame, kinds: Sequence[tuple[str, Column, Column]]) -> DataFrame:
    """One row per change; each of `kinds` is its name, when it happens, and the row that it is about."""
    told = [
        F.when(happens, F.struct(F.lit(kind).alias(CHANGE), row.alias(_ROW))) for kind, happens, row in kinds
    ]
    return decided.select(F.inline(F.array_compact(F.array(*told)))).select(CHANGE, f"{_ROW}.*")

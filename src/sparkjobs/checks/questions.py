"""What a check can ask of the rows. The judge asks everything in as few passes as there can be.

A check's function returns one of these, or plainly a `Column`: a condition on one row with three values.
Where it is true the row passes, where it is false the row breaks the check, and where it is null there is
no answer: the row is not evaluated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.config.sources import comparable
from sparkjobs.sql import literal

N: Final = "_sparkjobs_rows"
"""In a group: how many of the rows that are looked at it has."""
ALL: Final = "_sparkjobs_all_rows"
"""In a group: the same, with the rows of the table that stay beside the staged ones."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A column that a check looks at. Rows that an aggregate does not look at are null in it."""

    name: str
    kind: str
    """Its type, as Spark writes it."""
    value: Column

    def literal(self, given: str | float) -> Column:
        """A value of conf that compares with this column.

        Raises:
            ValueError: it does not.
        """
        if not comparable(given, self.kind):
            raise ValueError(f"{given!r} cannot be compared with {self.name!r}, which is {self.kind}")
        return literal(given, self.kind)

    @property
    def is_float(self) -> bool:
        """Whether it can hold NaN."""
        return self.kind in ("float", "double")

    @property
    def is_nan(self) -> Column:
        """True where it is NaN, which is greater than every number to Spark."""
        return F.isnan(self.value) if self.is_float else F.lit(False)


@dataclass(frozen=True, slots=True)
class Share:
    """How many rows, or groups, were looked at, and how many of them break the check: two aggregates."""

    failing: Column
    evaluated: Column


@dataclass(frozen=True, slots=True)
class Measure:
    """One value of all rows together, and whether it is as wanted: two aggregates. Null does not hold."""

    value: Column
    holds: Column
    wanted: str


@dataclass(frozen=True, slots=True)
class Groups:
    """Asked of the groups of rows that are equal in `columns`: over these, `N` and `ALL`.

    A row in which one of `columns` is null is in no group.
    """

    columns: tuple[Subject, ...]
    ask: Column | Share | Measure
    """A `Column` is a condition on one group; where it is false, all rows of the group break the check."""
    in_table: bool = False
    """Whether rows that stay in the table count too."""
    sought: "Sought | None" = None
    """Where each group is looked for before it is asked."""


@dataclass(frozen=True, slots=True)
class Sought:
    """Other rows, among which each group is looked for; the column `flag` then tells whether it is there."""

    rows: DataFrame
    keys: tuple[str, ...]
    """The columns there, in the order of the group's."""
    flag: str


@dataclass(frozen=True, slots=True)
class Pass:
    """Asked of what `through` makes of the rows that are looked at, in a pass of its own."""

    through: Callable[[DataFrame], DataFrame]
    ask: Share | Measure
    broken: bool = False
    """Whether what comes through is what breaks the check."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that is known without looking at rows."""

    holds: bool
    observed: str
    failing: int | None = None
    evaluated: int | None = None
    learning: bool = False
    """Whether too little is known for an answer, so that `holds` says nothing."""


Question = Column | Measure | Groups | Pass | Finding


def within(
    value: Column, low: Column | None, high: Column | None, wanted: str, empty: Column | None = None
) -> Measure:
    """`value` lies between `low` and `high`, or `empty` says that nothing was looked at. Null does not."""
    holds = value.isNotNull()
    if low is not None:
        holds = holds & (value >= low)
    if high is not None:
        holds = holds & (value <= high)
    holds = F.coalesce(holds, F.lit(False))
    return Measure(value, holds if empty is None else holds | empty, wanted)


def bounds(low: object | None, high: object | None) -> str:
    """Bounds in words."""
    if low == high:
        return f"exactly {_shown(low)}"
    if high is None:
        return f"at least {_shown(low)}"
    return f"at most {_shown(high)}" if low is None else f"{_shown(low)} to {_shown(high)}"


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)

"""Merge: which rows of the table change when the rows of a result are merged into it. No files.

Per key there is one winner among the new rows, the one with the highest `order_by`. It gives way to a
row of the table with a higher order, and to a delete of an earlier run with a higher order; to an equal
one it does not. All rows of a key meet in one exchange.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sparkjobs.config import MergeOutput
from sparkjobs.publish.changes import GONE, ROW, TIE, UNSEEN, change_set
from sparkjobs.sql import column, condition

_ORIGIN = "_sparkjobs_origin"
_ROW = "_sparkjobs_row"
_DELETES = "_sparkjobs_deletes"
_RANK = "_sparkjobs_rank"
_WINNER = "_sparkjobs_winner"
_OTHER = "_sparkjobs_other"
_LIVE = "_sparkjobs_live"
_BURIED = "_sparkjobs_buried"
SOURCE = "source"
TARGET = "target"
"""So conditions call the new row and the table's."""


def merge_changes(new: DataFrame, live: DataFrame, unseen: DataFrame, output: MergeOutput) -> DataFrame:
    """The change set of `new` against `live` rows and the deletes of earlier runs.

    `live` and `unseen` have the columns of `new`, and may have rows of other keys.
    """
    names, touched = new.columns, new.select(*map(column, output.keys))
    events = _events("new", new, names, output)
    for one, rows in {"live": live, "unseen": unseen}.items():
        met = rows.join(touched, list(output.keys), "left_semi")
        events = events.unionByName(_events(one, met, names, output))
    met = _met(events, output)
    source, target, buried = F.col(SOURCE), F.col(TARGET), F.col(_BURIED)
    wins = ~_later(target, source, output) & ~_later(buried, source, output)
    deletes = wins & F.col(_DELETES)
    updates = wins & ~F.col(_DELETES) & (target.isNull() | _permits(new, output))
    after = _after(source, target, names, output)
    moves = updates & ~_alike(after, target, output.partition_by)
    known = _alike(source, buried, output.order_by) & buried.isNotNull()
    kinds = [
        (ROW, updates & ~after.eqNullSafe(target), after),
        (GONE, target.isNotNull() & (deletes | moves), target),
        (TIE, ~F.col(_OTHER).eqNullSafe(source), source),
    ]
    if output.order_by and output.delete_when:
        kinds.append((UNSEEN, deletes & ~known, source))
    return change_set(met, kinds)


def _events(origin: str, rows: DataFrame, names: list[str], output: MergeOutput) -> DataFrame:
    deletes = F.lit(False)
    if origin == "new" and output.delete_when:
        deletes = F.coalesce(condition(rows.sparkSession, output.delete_when), F.lit(False))
    return rows.select(
        *map(column, output.keys),
        F.lit(origin).alias(_ORIGIN),
        deletes.alias(_DELETES),
        F.struct(*map(column, names)).alias(_ROW),
    )


def _met(events: DataFrame, output: MergeOutput) -> DataFrame:
    """Per key of the result: the new row, another of the same order if they differ, and what it meets."""
    keys = [column(name) for name in output.keys]
    if output.order_by:
        # one exchange by the keys serves the window and the groups
        highest = Window.partitionBy(*keys, F.col(_ORIGIN)).orderBy(_order(F.col(_ROW), output).desc())
        ranked = events.repartition(*keys).withColumn(_RANK, F.rank().over(highest))
        events = ranked.filter(F.col(_RANK) == 1)

    def of(origin: str, name: str = _ROW) -> Column:
        return F.when(F.col(_ORIGIN) == origin, F.col(name))

    met = events.groupBy(*keys).agg(
        F.max(of("new")).alias(_WINNER),
        F.min(of("new")).alias(_OTHER),
        F.max(of("new", _DELETES)).alias(_DELETES),
        F.max(of("live")).alias(_LIVE),
        F.max(of("unseen")).alias(_BURIED),
    )
    # only now, for a key may be called as conditions call the sides
    sides = (F.col(_WINNER).alias(SOURCE), F.col(_LIVE).alias(TARGET))
    return met.filter(F.col(_WINNER).isNotNull()).select(*sides, _OTHER, _DELETES, _BURIED)


def _later(row: Column, source: Column, output: MergeOutput) -> Column:
    """Whether `row` is there and comes after `source`."""
    if not output.order_by:
        return F.lit(False)
    return row.isNotNull() & (_order(row, output) > _order(source, output))


def _order(row: Column, output: MergeOutput) -> Column:
    """What rows are ordered by; nulls are the lowest."""
    return F.struct(*[row.getField(name).alias(name) for name in output.order_by])


def _permits(new: DataFrame, output: MergeOutput) -> Column:
    if output.update_when is None:
        return F.lit(True)
    return F.coalesce(condition(new.sparkSession, output.update_when), F.lit(False))


def _after(source: Column, target: Column, names: list[str], output: MergeOutput) -> Column:
    """The row as it will stand. The order always comes along, or late rows could not be told."""
    taken = {*output.columns, *output.order_by} if output.columns else set(names) - set(output.keys)
    updated = F.struct(*[(source if name in taken else target).getField(name).alias(name) for name in names])
    return F.when(target.isNull(), source).otherwise(updated)


def _alike(one: Column, other: Column, names: tuple[str, ...]) -> Column:
    return reduce(
        Column.__and__, [one.getField(name).eqNullSafe(other.getField(name)) for name in names], F.lit(True)
    )

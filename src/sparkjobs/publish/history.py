"""History: which versions change when the events of a result join those the table was made of. No files.

An event says that from its `sequence_by` on a key has certain values, or is gone. Those that change
something open or close a version; all the others, and the deletes, are kept unseen, because a late
event before them can make them matter. So a table and its unseen events hold every event, and what
comes out is what one run over all of them would give.
"""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, StructType

from sparkjobs.config import Scd2Output
from sparkjobs.publish.attempt import UNSEEN_OF
from sparkjobs.publish.changes import GONE, ROW, TIE, UNSEEN, change_set
from sparkjobs.sql import column, condition

_NEW = "_sparkjobs_new"
_LIVE = "_sparkjobs_live"
_UNSEEN = "_sparkjobs_unseen"
_OTHER = "_sparkjobs_other"
_ROW = "_sparkjobs_row"
_CLOSES = "_sparkjobs_closes"
_TIED = "_sparkjobs_tied"
_SNAPSHOT = "_sparkjobs_snapshot"
_NEXT = "_sparkjobs_next"
_VISIBLE = "_sparkjobs_visible"
_UNTIL = "_sparkjobs_until"


def versions_of(result: StructType, output: Scd2Output) -> StructType:
    """The schema of the table in which rows of `result` are versions."""
    kind = result[output.sequence_by].dataType
    own = StructType().add(output.valid_from, kind).add(output.valid_to, kind)
    return StructType([*result.fields, *own.add(output.is_current, BooleanType()).fields])


def history_changes(
    new: DataFrame, live: DataFrame, unseen: DataFrame, output: Scd2Output, low: Column
) -> DataFrame:
    """The change set of `new` against `live` versions and the unseen events of earlier runs.

    `low` is the lowest sequence in `new`: what was over before it stays as it is.
    """
    keys = list(output.keys)
    live = live.filter(column(output.valid_to).isNull() | (column(output.valid_to) >= low))
    unseen = unseen.filter(column(output.sequence_by) >= low)
    if output.absent_keys == "keep":
        touched = new.select(*map(column, keys))
        live, unseen = (one.join(touched, keys, "left_semi") for one in (live, unseen))
    moments = _moments(new, live, unseen, output)
    if output.absent_keys == "close":
        moments = _with_absent(moments, new, output, low)
    return _compared(_placed(moments, new.columns, output), new.columns, output)


def _moments(new: DataFrame, live: DataFrame, unseen: DataFrame, output: Scd2Output) -> DataFrame:
    """Per key and sequence the event that holds: a new one before the table's before an unseen one."""
    names, at = new.columns, column(output.sequence_by)
    version = F.struct(_row(names), *map(column, (output.valid_to, output.is_current)))
    place = [column(name) for name in (*output.keys, output.sequence_by)]

    def events(rows: DataFrame, at: Column, event: Column, kind: str) -> DataFrame:
        keys = map(column, output.keys)
        return rows.select(*keys, at.alias(output.sequence_by), event.alias(kind))

    met = (
        events(new, at, F.struct(_row(names), _closes(new, output)), _NEW)
        .unionByName(events(live, column(output.valid_from), version, _LIVE), allowMissingColumns=True)
        .unionByName(
            events(unseen, at, F.struct(column(UNSEEN_OF), _row(names), _closes(unseen, output)), _UNSEEN),
            allowMissingColumns=True,
        )
        # one exchange by the keys serves these groups and the windows to come
        .repartition(*map(column, output.keys))
        .groupBy(*place)
        .agg(
            F.min(_NEW).alias(_OTHER),
            *[F.max(kind).alias(kind) for kind in (_NEW, _LIVE, _UNSEEN)],
        )
    )
    new_one, live_one, unseen_one = F.col(_NEW), F.col(_LIVE), F.col(_UNSEEN)
    closes = F.when(new_one.isNotNull(), new_one[_CLOSES]).when(live_one.isNotNull(), F.lit(False))
    return met.select(
        *place,
        F.coalesce(new_one[_ROW], live_one[_ROW], unseen_one[_ROW]).alias(_ROW),
        closes.otherwise(unseen_one[_CLOSES]).alias(_CLOSES),
        (~F.col(_OTHER).eqNullSafe(new_one)).alias(_TIED),
        new_one.isNotNull().alias(_NEW),
        _LIVE,
        _UNSEEN,
    )


def _with_absent(moments: DataFrame, new: DataFrame, output: Scd2Output, low: Column) -> DataFrame:
    """`moments`, and a close at each snapshot that lacks a key which was there just before it."""
    at = column(output.sequence_by)
    taken = F.array_sort(F.collect_set(at))
    pairs = F.transform(
        taken, lambda one, place: F.struct(one.alias(_SNAPSHOT), F.get(taken, place + 1).alias(_NEXT))
    )
    snapshots = new.agg(pairs.alias(_NEXT)).select(F.inline(_NEXT))
    # what the table has of a snapshot that has come again is closed there, unless it has come again too
    closes = ~F.col(_NEW) & (at >= low)
    beside = moments.join(F.broadcast(snapshots), at == F.col(_SNAPSHOT), "left")
    next_one = F.when(at < low, low).otherwise(F.col(_NEXT))
    following = F.lead(at).over(Window.partitionBy(*map(column, output.keys)).orderBy(at))
    placed = beside.select(
        *map(column, output.keys),
        at,
        _ROW,
        closes.alias(_CLOSES),
        _TIED,
        _LIVE,
        _UNSEEN,
        next_one.alias(_NEXT),
        following.alias(_UNTIL),
    )
    absent = ~F.col(_CLOSES) & F.col(_NEXT).isNotNull()
    absent &= F.col(_UNTIL).isNull() | (F.col(_UNTIL) > F.col(_NEXT))
    nothing = [F.when(F.lit(False), F.col(name)).alias(name) for name in (_LIVE, _UNSEEN)]
    closed = F.struct(
        F.col(_NEXT).alias(output.sequence_by),
        F.col(_ROW),
        F.lit(True).alias(_CLOSES),
        F.lit(False).alias(_TIED),
        *nothing,
    )
    itself = F.struct(at, *map(F.col, (_ROW, _CLOSES, _TIED, _LIVE, _UNSEEN)))
    both = F.array_compact(F.array(itself, F.when(absent, closed)))
    return placed.select(*map(column, output.keys), F.inline(both))


def _placed(moments: DataFrame, names: list[str], output: Scd2Output) -> DataFrame:
    """Each event with whether it changes something, and until when what it says then holds."""
    keys, at = [column(name) for name in output.keys], column(output.sequence_by)
    untracked = {*output.keys, output.sequence_by}
    tracked = output.track or tuple(name for name in names if name not in untracked)
    in_order = Window.partitionBy(*keys).orderBy(at)
    state = F.struct(F.col(_CLOSES), *[_field(_ROW, name) for name in tracked])
    before = F.lag(state).over(in_order)
    was_gone = F.coalesce(before[_CLOSES], F.lit(True))
    visible = F.when(F.col(_CLOSES), ~was_gone).otherwise(was_gone | ~state.eqNullSafe(before))
    alike = Window.partitionBy(*keys, F.col(_VISIBLE)).orderBy(at)
    return moments.withColumn(_VISIBLE, visible).withColumn(_UNTIL, F.lead(at).over(alike))


def _compared(placed: DataFrame, names: list[str], output: Scd2Output) -> DataFrame:
    """What differs between the events as placed and the versions in the table."""
    at, until, live = column(output.sequence_by), F.col(_UNTIL), F.col(_LIVE)

    def version(row: Column, valid_to: Column, current: Column) -> Column:
        own = (at.alias(output.valid_from), valid_to.alias(output.valid_to), current.alias(output.is_current))
        return F.struct(*[row[name].alias(name) for name in names], *own)

    after = version(F.col(_ROW), until, until.isNull())
    now = version(live[_ROW], live[output.valid_to], live[output.is_current])
    unplaced = version(F.col(_ROW), F.when(F.lit(False), at), F.when(F.lit(False), F.lit(True)))
    is_version = F.col(_VISIBLE) & ~F.col(_CLOSES)
    stays = reduce(
        Column.__and__,
        [F.col(_ROW)[name].eqNullSafe(live[_ROW][name]) for name in output.partition_by],
        is_version,
    )
    kinds = [
        (ROW, is_version & ~(live.isNotNull() & after.eqNullSafe(now)), after),
        (GONE, live.isNotNull() & ~stays, now),
        (TIE, F.col(_TIED), unplaced),
    ]
    if output.absent_keys == "keep":
        kinds.append((UNSEEN, ~is_version & ~F.col(_ROW).eqNullSafe(F.col(_UNSEEN)[_ROW]), unplaced))
    return change_set(placed, kinds)


def _row(names: list[str]) -> Column:
    return F.struct(*map(column, names)).alias(_ROW)


def _field(struct: str, name: str) -> Column:
    return F.col(struct)[name].alias(name)


def _closes(rows: DataFrame, output: Scd2Output) -> Column:
    closes = F.lit(False)
    if output.delete_when:
        closes = F.coalesce(condition(rows.sparkSession, output.delete_when), closes)
    return closes.alias(_CLOSES)

"""Invariants: what has to hold of every history, looked at before it is published.

Judged on the rows as they are staged and the rows of their keys that stay, with no more columns than
that takes. It does not ask how they were decided, so a mistake there cannot hide here.
"""

from collections.abc import Iterator

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from sparkjobs.config import Scd2Output
from sparkjobs.errors import HistoryError
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.live import fitting, live_rows, without
from sparkjobs.publish.stage import schema_of, staged_rows
from sparkjobs.publish.unseen import unseen_rows
from sparkjobs.sql import column, condition

_NEXT = "_sparkjobs_next"
_PROBLEM = "_sparkjobs_problem"
_GAP = "a gap that no delete has opened"
_SHOWN = 5


def refuse_broken(spark: SparkSession, attempt: Attempt, changes: Changes, unseen: tuple[int, ...]) -> None:
    """Make sure that the keys of `changes` will have whole histories; a merge has none to look at.

    Raises:
        HistoryError: some will not.
    """
    output = changes.output
    if not isinstance(output, Scd2Output) or not changes.files:
        return
    judged = _judged(_would_be(spark, attempt, changes, output), output)
    if output.delete_when:
        deletes = _deletes(spark, attempt, changes, output, unseen)
        opened = [column(name) for name in (*output.keys, output.valid_to)]
        gap = F.col(_PROBLEM) == _GAP
        judged = judged.filter(~gap).unionByName(judged.filter(gap).join(deletes, ...))
    if problems := tuple(_told(judged, output)):
        raise HistoryError(attempt.job, problems)

"""Publishing: staged files become the table, in one commit that carries its manifest number.

Here: stage, footers, what a merge or a history changes, the commits to Delta and Parquet, compaction.
Not here: whether the rows are good (quality), which rows to take (plan).
"""

from sparkjobs.publish.attempt import Attempt, sweep
from sparkjobs.publish.changes import Changes
from sparkjobs.publish.commit import commit
from sparkjobs.publish.compact import compact, due, extent, files_of, small
from sparkjobs.publish.find import Standing, find_changes
from sparkjobs.publish.kept import kept_rows
from sparkjobs.publish.partitions import replacing
from sparkjobs.publish.refuse import refuse
from sparkjobs.publish.stage import stage, staged_rows
from sparkjobs.publish.unseen import put_unseen_in_force

__all__ = [
    "Attempt",
    "Changes",
    "Standing",
    "commit",
    "compact",
    "due",
    "extent",
    "files_of",
    "find_changes",
    "kept_rows",
    "put_unseen_in_force",
    "refuse",
    "replacing",
    "small",
    "stage",
    "staged_rows",
    "sweep",
]

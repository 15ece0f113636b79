"""Publishing: staged files become the table, in one commit that carries its manifest number.

Here: stage, footers, the Delta commit, the Parquet journal.
Not here: whether the rows are good (quality), which rows to take (plan).
"""

from sparkjobs.publish.attempt import Attempt, sweep
from sparkjobs.publish.commit import commit
from sparkjobs.publish.journal import interrupted, recover
from sparkjobs.publish.kept import kept_rows
from sparkjobs.publish.stage import refuse, stage, staged_rows

__all__ = [
    "Attempt",
    "commit",
    "interrupted",
    "kept_rows",
    "recover",
    "refuse",
    "stage",
    "staged_rows",
    "sweep",
]

"""What a table knows of itself: numbered manifests, the committed number, the lock.

Here: everything under `<table>/_sparkjobs/`, and the number a commit carries. No Spark.
Not here: what should happen next (plan), the data files (publish).
"""

from sparkjobs.state.lock import locked
from sparkjobs.state.manifest import Manifest, begin
from sparkjobs.state.table import (
    STATE_FOLDER,
    TableState,
    app_id,
    claim,
    committed_schema,
    look,
    state_folder,
    table_rows,
)

__all__ = [
    "STATE_FOLDER",
    "Manifest",
    "TableState",
    "app_id",
    "begin",
    "claim",
    "committed_schema",
    "locked",
    "look",
    "state_folder",
    "table_rows",
]

"""What a table knows of itself: numbered manifests, the committed number, the lock, the journal of a commit.

Here: everything under `<table>/_sparkjobs/`, the number a commit carries, what footers say. No Spark.
Not here: what should happen next (plan), the data files (publish).
"""

from sparkjobs.state.journal import interrupted, recover
from sparkjobs.state.lock import locked
from sparkjobs.state.log import Foreign, app_id, manifest_at
from sparkjobs.state.manifest import Manifest, begin
from sparkjobs.state.outcome import Outcome, read_outcome, write_outcome
from sparkjobs.state.table import (
    STATE_FOLDER,
    TableState,
    claim,
    committed_schema,
    holds_files,
    last_commit,
    look,
    remember,
    set_aside_damaged,
    state_folder,
    table_rows,
    table_schema,
)

__all__ = [
    "STATE_FOLDER",
    "Foreign",
    "Manifest",
    "Outcome",
    "TableState",
    "app_id",
    "begin",
    "claim",
    "committed_schema",
    "holds_files",
    "interrupted",
    "last_commit",
    "locked",
    "look",
    "manifest_at",
    "read_outcome",
    "recover",
    "remember",
    "set_aside_damaged",
    "state_folder",
    "table_rows",
    "table_schema",
    "write_outcome",
]

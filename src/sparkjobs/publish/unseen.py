"""Unseen events: what has left no row in the table, kept so that a late row is placed rightly.

`_sparkjobs/unseen/_sparkjobs_manifest=<n>/` holds those of manifest n, in force once n is committed.
They are Parquet under another name, for `**/*.parquet` of the table must not find them.
"""

import os
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import LongType, StructType

from sparkjobs.errors import DamagedStateError
from sparkjobs.faults import reach
from sparkjobs.publish.attempt import UNSEEN_OF, Attempt, unseen_folder
from sparkjobs.publish.changes import Changes
from sparkjobs.state import read_outcome, state_folder
from sparkjobs.state.durable import sync


def renamed(folder: Path) -> Path:
    """`folder` with its files under names that no reader of the table looks for."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            sync(path.rename(path.with_name(f"{path.name}.unseen")))
        elif not path.is_dir():
            path.unlink()
    for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        sync(inner)
    return folder


def unseen_rows(
    spark: SparkSession, attempt: Attempt, numbers: tuple[int, ...], schema: StructType
) -> DataFrame | None:
    """The unseen events of the manifests `numbers` in the columns of `schema`, each with its manifest.

    Raises:
        DamagedStateError: those of one are gone.
    """
    paths = [str(folder) for number in sorted(numbers) if (folder := _folder(attempt.table, number))]
    if not paths:
        return None
    wanted = StructType([*schema.fields]).add(UNSEEN_OF, LongType())
    root = state_folder(attempt.table) / "unseen"
    return spark.read.schema(wanted).option("basePath", str(root)).parquet(*paths)


def _folder(table: Path, number: int) -> Path | None:
    """Where the unseen events of manifest `number` lie; None where its outcome says that there are none."""
    folder = unseen_folder(table, number)
    if folder.is_dir():
        return folder
    if read_outcome(state_folder(table), number).unseen:
        raise DamagedStateError(str(folder), "it is gone")
    return None


def put_unseen_in_force(attempt: Attempt, changes: Changes) -> None:
    """Move the unseen events to where the commit puts them in force."""
    reach("unseen.before")
    if changes.unseen is not None:
        place = unseen_folder(attempt.table, attempt.number)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(changes.unseen, place)  # noqa: PTH105 (atomic, and must not exist)
        for folder in (place, *place.parents[:2]):
            sync(folder)
    reach("unseen.after")

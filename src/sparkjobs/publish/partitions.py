"""Partitions that a plan replaces as a whole: by what is staged for them, or by nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from sparkjobs.errors import ResultError
from sparkjobs.publish.attempt import Attempt
from sparkjobs.publish.stage import key_value
from sparkjobs.results import PartitionValues, Staged
from sparkjobs.state.table import is_seen

_SHOWN = 3


def replacing(attempt: Attempt, staged: Staged, planned: Callable[[PartitionValues], bool]) -> Staged:
    """`staged`, which also replaces the live partitions that are `planned` and have no staged rows.

    Raises:
        ResultError: rows are staged for a partition that is not planned; they would replace all of it.
    """
    has_rows = {file.partition for file in staged.files}
    if strays := sorted(str(dict(one)) for one in has_rows if not planned(one)):
        shown = "; ".join(strays[:_SHOWN])
        told = f"its result has rows for partitions that it was not to make, or not as a whole: {shown}"
        raise ResultError(attempt.job, told)
    live = _delta(attempt, staged) if attempt.format == "delta" else dict(folders(attempt.table, staged))
    return replace(staged, emptied=frozenset(one for one in live if planned(one)) - has_rows)


def folders(table: Path, staged: Staged) -> Iterator[tuple[PartitionValues, Path]]:
    """Each partition of a Parquet table, partitioned as `staged`, with its folder relative to the table."""
    pattern = "/".join("*=*" for _ in staged.partition_by)
    by = [name.casefold() for name in staged.partition_by]
    for folder in table.glob(pattern) if pattern else ():
        relative = folder.relative_to(table)
        keys, values = zip(*map(key_value, relative.parts), strict=True)
        seen = all(map(is_seen, relative.parts)) and folder.is_dir()
        if seen and [key.casefold() for key in keys] == by:
            yield tuple(zip(staged.partition_by, values, strict=True)), relative


def _delta(attempt: Attempt, staged: Staged) -> frozenset[PartitionValues]:
    if not DeltaTable.is_deltatable(str(attempt.table)):
        return frozenset()
    adds = pa.table(DeltaTable(attempt.table).get_add_actions())
    values = adds.column("partition").to_pylist() if "partition" in adds.column_names else []
    return frozenset(
        tuple((name, None if one[name] is None else str(one[name])) for name in staged.partition_by)
        for one in values
    )

"""What Parquet footers say: exact rows and null counts, and bounds where they can be trusted.

Bounds of floats are left out, since NaN spoils them; so are those of nested columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from sparkjobs.results import ColumnFacts


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file's footer: rows, and each flat column's facts."""

    rows: int
    columns: Mapping[str, ColumnFacts]


def facts_of(path: Path) -> FileFacts:
    """What the footer of `path` says."""
    metadata = pq.read_metadata(path)
    columns: dict[str, ColumnFacts] = {}
    for index, leaf in enumerate(metadata.schema.names if metadata.num_columns else ()):
        if metadata.schema.column(index).path == leaf:
            groups = [metadata.row_group(group).column(index) for group in range(metadata.num_row_groups)]
            if all(group.statistics is not None and group.statistics.has_null_count for group in groups):
                columns[leaf] = _over([_group(group.num_values, group.statistics) for group in groups])
    return FileFacts(metadata.num_rows, columns)


def over_files(files: list[FileFacts]) -> dict[str, ColumnFacts]:
    """The facts of each column that every file has facts of."""
    names = set.intersection(*[set(file.columns) for file in files]) if files else set()
    return {name: _over([file.columns[name] for file in files]) for name in sorted(names)}


def _group(rows: int, statistics: pq.Statistics) -> ColumnFacts:
    low = high = None
    if statistics.has_min_max:
        try:
            low, high = statistics.min, statistics.max
        except (ValueError, OverflowError):  # a date or time that Python's calendar does not hold
            low = high = None
    if isinstance(low, float | bytes):
        low = high = None
    return ColumnFacts(rows, statistics.null_count, low, high)


def _over(parts: list[ColumnFacts]) -> ColumnFacts:
    """Row groups or files together; one that holds values but no bounds leaves the whole without."""
    rows, nulls = sum(part.rows for part in parts), sum(part.nulls for part in parts)
    filled = [part for part in parts if part.nulls < part.rows]
    if not filled or any(part.low is None for part in filled):
        return ColumnFacts(rows, nulls, None, None)
    low = min(part.low for part in filled)  # type: ignore[type-var]  # one column, one type
    high = max(part.high for part in filled)  # type: ignore[type-var]
    return ColumnFacts(rows, nulls, low, high)

"""What Parquet footers say: exact rows and null counts, and bounds where they can be trusted.

Bounds of floats are left out, since NaN spoils them; so are those of long texts and of nested
columns. Delta's statistics are built from the same facts: a missing one is safe, a wrong one loses rows.
Format of the statistics: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from sparkjobs.results import ColumnFacts

_MAX_TEXT = 64
_MAX_COLUMNS = 32
"""As many columns as Delta itself keeps statistics of."""


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


def delta_stats(facts: FileFacts) -> str:
    """Delta's statistics of a file, as the JSON text that the log holds."""
    shown = dict(list(facts.columns.items())[:_MAX_COLUMNS])
    low = {name: text for name, one in shown.items() if (text := _literal(one.low)) and _literal(one.high)}
    high = {name: text for name, one in shown.items() if (text := _literal(one.high)) and name in low}
    nulls = {name: str(one.nulls) for name, one in shown.items()}
    return (
        f'{{"numRecords":{facts.rows},"minValues":{_object(low)},'
        f'"maxValues":{_object(high)},"nullCount":{_object(nulls)}}}'
    )


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


def _literal(value: object) -> str | None:
    """`value` as the log writes it; None for what is better left out."""
    match value:
        case bool() | None:
            return None
        case int():
            return str(value)
        case Decimal():
            return format(value, "f")
        case datetime(tzinfo=None):
            return json.dumps(value.isoformat(timespec="microseconds"))
        case datetime():
            return json.dumps(
                value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
            )
        case date():
            return json.dumps(value.isoformat())
        case str() if len(value) <= _MAX_TEXT:
            return json.dumps(value, ensure_ascii=False)
        case _:
            return None


def _object(members: Mapping[str, str]) -> str:
    return (
        "{"
        + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{text}" for name, text in members.items())
        + "}"
    )

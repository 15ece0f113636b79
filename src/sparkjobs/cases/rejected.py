"""The rows that the contracts of one run have rejected, beside those that a case expects."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sparkjobs.cases.diff import difference
from sparkjobs.cases.landing import text_of
from sparkjobs.cases.table import Table
from sparkjobs.config import Conf, CsvSource
from sparkjobs.results import JobResult
from sparkjobs.state import state_folder
from sparkjobs.state.quarantine import lines

_OURS = ("input", "reason")


def unlike_rejected(conf: Conf, table: Path, result: JobResult | None, expected: Table) -> str | None:
    """How the rejected rows of a run differ from the expected ones, in the columns that these name.

    All values are texts, as they lie in the source; beside them stand `input` and `reason`.
    """
    found = [_row(conf, record) for record in _records(table, result)]
    names = expected.names or tuple(dict.fromkeys(name for row in found for name in row))
    wanted = [{name: text_of(row.get(name)) for name in names} for row in expected.rows]
    return difference(wanted, [{name: row.get(name) for name in names} for row in found])


def _records(table: Path, result: JobResult | None) -> list[Any]:
    if result is None or result.write_key is None:
        return []
    kept = state_folder(table) / "quarantine" / result.write_key.rpartition(":")[2]
    return [json.loads(line) for folder in sorted(kept.glob("*/")) for line in lines(folder)]


def _row(conf: Conf, record: Mapping[str, Any]) -> dict[str, str | None]:
    """A record of the quarantine as a row of texts; a damaged one has its `raw` text alone."""
    reasons = (
        f"{one['column']}: {one['rule']}" if one.get("column") else one["rule"] for one in record["reasons"]
    )
    told = {"input": record["input"], "reason": "; ".join(reasons)}
    return {**_values(conf, record), **told}


def _values(conf: Conf, record: Mapping[str, Any]) -> dict[str, str | None]:
    raw, source = str(record["raw"]), conf.sources[record["source"]]
    if isinstance(source, CsvSource):
        doubled = source.options.escape == source.options.quote
        cells = next(
            csv.reader(
                raw.splitlines(keepends=True),
                delimiter=source.options.delimiter,
                quotechar=source.options.quote,
                escapechar=None if doubled else source.options.escape,
            )
        )
        return dict(zip(record["columns"], (cell or None for cell in cells), strict=False))
    try:
        values = json.loads(raw, parse_float=str)
    except ValueError:
        values = None
    return (
        {name: text_of(value) for name, value in values.items()}
        if isinstance(values, dict)
        else {"value": raw}
    )

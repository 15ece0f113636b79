"""What tables tell of themselves, without Spark: their columns and types, and when they were published."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deltalake.exceptions import DeltaError
from pyarrow import ArrowException

from sparkjobs.config import JobConf
from sparkjobs.errors import SparkjobsError
from sparkjobs.results import PastRun
from sparkjobs.state import table_schema

_SQL: Final = {"byte": "tinyint", "integer": "int", "long": "bigint", "short": "smallint"}


def types_of(conf: JobConf, runs: tuple[PastRun, ...]) -> Mapping[str, str]:
    """The columns of a job's table with their types, in their order.

    Where there is no table, those of the last result that was recorded; none where there is none either.
    """
    try:
        fields = table_schema(Path(conf.output.path), conf.output.format)["fields"]
        return {str(one["name"]): kind(one["type"]) for one in fields}
    except (
        *(SparkjobsError, DeltaError, ArrowException, OSError),
        *(ValueError, LookupError, TypeError),  # there is none, or nobody knows what was written there
    ):
        profile = next((run.profile for run in reversed(runs) if run.profile), None)
        return {name: _recorded(one.kind) for name, one in profile.columns} if profile else {}


def kind(told: Any) -> str:  # noqa: ANN401 (JSON)
    """A type in Spark's JSON, as SQL writes it."""
    match told:
        case {"type": "struct", "fields": fields}:
            return f"struct<{', '.join(_fields(fields))}>"
        case {"type": "array", "elementType": element}:
            return f"array<{kind(element)}>"
        case {"type": "map", "keyType": key, "valueType": value}:
            return f"map<{kind(key)}, {kind(value)}>"
    return _SQL.get(str(told), str(told))


def _fields(fields: list[dict[str, Any]]) -> Iterator[str]:
    return (f"{one['name']}: {kind(one['type'])}" for one in fields)


def _recorded(text: str) -> str:
    try:
        return kind(json.loads(text)) if text.startswith("{") else kind(text)
    except (ValueError, LookupError, TypeError):
        return text

"""Delta's statistics of a file, from what its footer says: a missing one is safe, a wrong one loses rows.

Bounds of long texts are left out.
Format of the statistics: https://github.com/delta-io/delta/blob/master/PROTOCOL.md#per-file-statistics
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from sparkjobs.state.footers import FileFacts

_MAX_TEXT = 64
_MAX_COLUMNS = 32
"""As many columns as Delta itself keeps statistics of."""


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

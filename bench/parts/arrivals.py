"""Rows that arrive, by number."""

from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa

_SCHEMA = pa.schema(
    [("id", pa.int64()), ("name", pa.string()), ("price", pa.decimal128(15, 2)), ("day", pa.date32())]
)


def batch(number: int, rows: int) -> pa.Table:
    """The batch of that `number`, of which no row is in another one."""
    ids = range(number * rows, (number + 1) * rows)
    days = [date(2026, 1, 1) + timedelta(days=one % 300) for one in ids]
    prices = [Decimal(one % 100_000).scaleb(-2) for one in ids]
    return pa.table([list(ids), [f"name {one}" for one in ids], prices, days], schema=_SCHEMA)

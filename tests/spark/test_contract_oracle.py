"""Random inputs: what is valid and what is quarantined are the input together, each record as often as it came."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from math import inf, nan
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.spark.inputs import Outcome, outcome, write

MANY = settings(
    max_examples=12, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
"""Without shrinking, which takes minutes of Spark."""
CONTRACT = """
columns:
  id: {type: int, not_null: true}
  amount: "decimal(6,2)"
  ratio: double
  day: date
  note: string
rules: [{name: amount_is_positive, expr: amount > 0}]
bad_rows: {max_share: 1.0}
"""
BAD: Final = "bad"
"""Stands for what its text comes to where that breaks the contract."""
Cell = tuple[str, object]
"""A text, and what it means."""
NAMES = ("id", "amount", "ratio", "day", "note")
IDS: list[Cell] = [
    *(("1", 1), ("-7", -7), ("2147483647", 2147483647)),
    *(("", BAD), ("x", BAD), ("1.0", BAD), ("2147483648", BAD), ("NaN", BAD), ("日", BAD)),
]
AMOUNTS: list[Cell] = [
    *(("1.50", Decimal("1.50")), ("1.5", Decimal("1.50")), ("9999.99", Decimal("9999.99")), ("", None)),
    *(("-1", BAD), ("0", BAD), ("1.234", BAD), ("10000", BAD), ("1,5", BAD), ("1x", BAD)),
]
RATIOS: list[Cell] = [
    *(("0.5", 0.5), ("-0.0", -0.0), ("NaN", nan), ("-Infinity", -inf), ("1e-7", 1e-7), ("", None)),
    *(("1e400", BAD), ("1f", BAD), ("½", BAD)),
]
DAYS: list[Cell] = [
    *(("2013-02-28", date(2013, 2, 28)), ("0001-01-01", date(1, 1, 1)), ("", None)),
    *(("2013-02-30", BAD), ("2013", BAD), ("28/02/2013", BAD)),
]
SIGNS = (*"ab ,;\"'\\#\t\x00\x0b\x1c\x85\xa0\u2028\ufeffé日😀", "e\u0301", "null", "NaN")
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=6).map("".join)


class Record(NamedTuple):
    """What lies in the source, and the row that comes of it; None where none may."""

    raw: str
    row: tuple[object, ...] | None


def row_of(values: Iterable[object]) -> tuple[object, ...] | None:
    """The valid row of these values, if it is one."""
    row = tuple(values)
    return None if any(value is BAD for value in row) else row


def shown(rows: Iterable[tuple[object, ...] | None]) -> list[str]:
    """Rows that compare, NaN with NaN and 0.0 not with -0.0."""
    return sorted(repr(row) for row in rows if row is not None)


def hold(records: list[Record], found: Outcome, raws: list[str]) -> None:
    """Make sure that each record is in one place, as often as it came; `raws` are the quarantined ones."""
    assert shown(found.good) == shown(record.row for record in records)
    assert Counter(raws) == Counter(record.raw for record in records if record.row is None)
    ledger = found.ledger
    assert (ledger.read, ledger.valid, ledger.quarantined) == (len(records), len(found.good), len(raws))
    assert len(found.good) + len(raws) == len(records)


Pool = Sequence[tuple[object, object]]


def cells(draw: st.DrawFn, pools: Sequence[Pool]) -> list[tuple[object, object]]:
    """One cell of each pool: all good, or all but one, lest nothing but nonsense be drawn."""
    broken = draw(st.sampled_from([None, None, *range(len(pools))]))
    return [
        draw(st.sampled_from([cell for cell in pool if (cell[1] is BAD) == (place == broken)] or pool))
        for place, pool in enumerate(pools)
    ]


@st.composite
def csv_rows(draw: st.DrawFn) -> Record:
    """A line with as many fields as its header has; Spark would swallow a NUL between quotes."""
    drawn = cells(draw, (IDS, AMOUNTS, RATIOS, DAYS))
    texts, values = [str(text) for text, _ in drawn], [value for _, value in drawn]
    note = draw(TEXTS)
    fields = [quoted(text, always=False) for text in texts]
    line = ",".join([*fields, quoted(note, always=bool(note) and draw(st.booleans()))])
    damaged = "\x00" in line and '"' in line
    return Record(line, None if damaged else row_of((*values, note or None)))


def quoted(text: str, *, always: bool) -> str:
    escaped = text.replace('"', '""')
    return f'"{escaped}"' if always or set(text) & set(',"') else text


GOOD = Record("5,1.00,0.5,2013-01-01,plain", (5, Decimal("1.00"), 0.5, date(2013, 1, 1), "plain"))
DAMAGED = [
    *("1,1.50,0.5,2013-02-28", "1", "1,1.50,0.5,2013-02-28,note,surplus", ",,,,,", "😀"),
    *('1,1.50,0.5,2013-02-28,"open', '1,"1.50,0.5,2013-02-28,é', ",".join(NAMES)),
]
LINES = st.lists(
    st.one_of(
        csv_rows(), csv_rows(), st.just(GOOD), st.sampled_from(DAMAGED).map(lambda line: Record(line, None))
    ),
    max_size=25,
)


def test_every_line_of_a_csv_file_is_valid_or_quarantined(spark: SparkSession, tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in range(1_000_000))

    @MANY
    @given(first=LINES, second=LINES, end=st.sampled_from(["\n", "\r\n"]), blanks=st.booleans())
    def held(first: list[Record], second: list[Record], end: str, *, blanks: bool) -> None:
        root, header = next(folders), ",".join(NAMES)
        for name, records in (("a", first), ("b", second)):
            lines = [header, *(record.raw for record in records), *(["", "  "] if blanks else [])]
            write(root, {f"in/{name}.csv": "".join(line + end for line in lines).encode()})
        found = outcome(spark, root, f"format: csv\npath: in/*.csv\n{CONTRACT}")
        hold([*first, *second], found, [raw for _, raw in found.bad])

    held()


TYPES = [
    *(("id", pa.int64()), ("amount", pa.decimal128(12, 3)), ("ratio", pa.float64())),
    *(("day", pa.string()), ("note", pa.string())),
]
WIDE_IDS = [(1, 1), (-7, -7), (2**31 - 1, 2**31 - 1), (2**31, BAD), (-(2**40), BAD), (None, BAD)]
WIDE_AMOUNTS = [
    *((Decimal("1.500"), Decimal("1.50")), (Decimal("9999.990"), Decimal("9999.99")), (None, None)),
    *(
        (Decimal("1.234"), BAD),
        (Decimal("10000.000"), BAD),
        (Decimal("-0.010"), BAD),
        (Decimal("0.000"), BAD),
    ),
]
WIDE_RATIOS = [(one, one) for one in (0.5, -0.0, nan, inf, -inf, 1e-7, 5e-324, 1.7976931348623157e308, None)]
WIDE_DAYS = [(None if text == "" else text, value) for text, value in DAYS] + [("", BAD)]


def as_record(values: tuple[object, ...]) -> str:
    """A row in a writing that two readers of it share."""
    return repr([value if value is None else str(value) for value in values])


def of_json(raw: str) -> tuple[object, ...]:
    """The row that a quarantined record tells; of floats JSON has several writings."""
    told = json.loads(raw, parse_float=Decimal)
    ratio = told.get("ratio")
    return (
        *(told.get(name) for name in NAMES[:2]),
        None if ratio is None else float(ratio),
        *map(told.get, NAMES[3:]),
    )


@st.composite
def parquet_rows(draw: st.DrawFn) -> tuple[tuple[object, ...], tuple[object, ...] | None]:
    """What lies in the file, and the row that comes of it."""
    drawn = cells(draw, (WIDE_IDS, WIDE_AMOUNTS, WIDE_RATIOS, WIDE_DAYS))
    note = draw(st.none() | TEXTS)
    return (*(there for there, _ in drawn), note), row_of((*(value for _, value in drawn), note))


FILES = st.lists(parquet_rows(), max_size=25)


def test_every_row_of_a_parquet_file_is_valid_or_quarantined(spark: SparkSession, tmp_path: Path) -> None:
    folders = (tmp_path / str(number) for number in range(1_000_000))

    @MANY
    @given(first=FILES, second=FILES)
    def held(
        first: list[tuple[tuple[object, ...], tuple[object, ...] | None]],
        second: list[tuple[tuple[object, ...], tuple[object, ...] | None]],
    ) -> None:
        root = next(folders)
        (root / "in").mkdir(parents=True)
        for name, rows in (("a", first), ("b", second)):
            columns = zip(*(there for there, _ in rows), strict=True) if rows else [()] * len(TYPES)
            arrays = [pa.array(list(one), kind) for one, (_, kind) in zip(columns, TYPES, strict=True)]
            pq.write_table(pa.table(arrays, names=list(NAMES)), root / "in" / f"{name}.parquet")
        found = outcome(spark, root, f"format: parquet\npath: in\n{CONTRACT}")
        records = [Record(as_record(there), row) for there, row in (*first, *second)]
        hold(records, found, [as_record(of_json(raw)) for _, raw in found.bad])

    held()

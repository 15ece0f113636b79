"""What footers say, and Delta's statistics of it: never a wrong bound."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sparkjobs.publish.footers import delta_stats
from sparkjobs.results import ColumnFacts
from sparkjobs.state.footers import facts_of, over_files


def _written(folder: Path, columns: dict[str, pa.Array], rows_per_group: int = 1000) -> Path:
    path = folder / f"{len(list(folder.iterdir()))}.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=rows_per_group, coerce_timestamps="us")
    return path


def _stats(folder: Path, values: list[object], kind: pa.DataType) -> tuple[object, object, object]:
    """Delta's minValues, maxValues and nullCount of a column `c`; None where there is none."""
    told = json.loads(delta_stats(facts_of(_written(folder, {"c": pa.array(values, kind)}))))
    assert told["numRecords"] == len(values)
    return told["minValues"].get("c"), told["maxValues"].get("c"), told["nullCount"]["c"]


EAST = timezone(timedelta(hours=9))

BOUNDED: list[tuple[pa.DataType, list[object], object, object, int]] = [
    (pa.int8(), [5, -3], -3, 5, 0),
    (pa.int32(), [2, None, 1, None], 1, 2, 2),
    (pa.int32(), [0], 0, 0, 0),
    (pa.int64(), [2**63 - 1, -(2**63)], -(2**63), 2**63 - 1, 0),
    (pa.date32(), [date(2013, 1, 2), date(1969, 12, 31)], "1969-12-31", "2013-01-02", 0),
    (pa.date32(), [date(1, 1, 1), date(9999, 12, 31)], "0001-01-01", "9999-12-31", 0),
    (
        pa.timestamp("us", "UTC"),
        [datetime(2013, 1, 1, 5, 0, 0, 1, UTC), datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)],
        "1969-12-31T23:59:59.999999Z",
        "2013-01-01T05:00:00.000001Z",
        0,
    ),
    (
        pa.timestamp("us", "UTC"),
        [datetime(2013, 1, 1, 8, tzinfo=EAST)],
        "2012-12-31T23:00:00.000000Z",
        "2012-12-31T23:00:00.000000Z",
        0,
    ),
    (
        pa.timestamp("us"),
        [datetime(2013, 3, 31, 2, 30), datetime(2013, 1, 1)],  # noqa: DTZ001 (without zone is the point)
        "2013-01-01T00:00:00.000000",
        "2013-03-31T02:30:00.000000",
        0,
    ),
    (pa.string(), ["b", "a", None], "a", "b", 1),
    (pa.string(), ["", "x"], "", "x", 0),
    (pa.string(), ["größe", "zebra", "日本"], "größe", "日本", 0),
    (pa.string(), ["\U0001f600", "\uffff"], "\uffff", "\U0001f600", 0),
    (pa.string(), ['say "x"\n', "back\\slash"], "back\\slash", 'say "x"\n', 0),
    (pa.string(), ["a" * 64], "a" * 64, "a" * 64, 0),
]

UNBOUNDED: list[tuple[pa.DataType, list[object], int]] = [
    (pa.string(), ["a" * 65, "b"], 0),
    (pa.string(), ["a", "b" * 65], 0),
    (pa.bool_(), [True, False, None], 1),
    (pa.binary(), [b"a", b"\xff"], 0),
    (pa.float32(), [1.0, 2.0], 0),
    (pa.float64(), [1.0, float("nan")], 0),
    (pa.float64(), [float("nan")], 0),
    (pa.float64(), [-0.0, 0.0, None], 1),
    (pa.int32(), [None, None], 2),
    (pa.string(), [None], 1),
    (pa.decimal128(10, 2), [None], 1),
]


@pytest.mark.parametrize(("kind", "values", "low", "high", "nulls"), BOUNDED)
def test_bounds_are_exact_in_deltas_writing(
    tmp_path: Path, kind: pa.DataType, values: list[object], low: object, high: object, nulls: int
) -> None:
    assert _stats(tmp_path, values, kind) == (low, high, nulls)


@pytest.mark.parametrize(("kind", "values", "nulls"), UNBOUNDED)
def test_bounds_that_could_be_wrong_are_left_out(
    tmp_path: Path, kind: pa.DataType, values: list[object], nulls: int
) -> None:
    assert _stats(tmp_path, values, kind) == (None, None, nulls)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (pa.decimal128(38, 18), "12345678901234567890.123456789012345678"),
        (pa.decimal128(38, 0), "-99999999999999999999999999999999999999"),
        (pa.decimal128(20, 2), "123456789012345678.90"),
        (pa.decimal128(9, 2), "1234567.89"),
        (pa.decimal128(18, 10), "0.0000000001"),
        (pa.decimal128(5, 2), "-0.01"),
    ],
)
def test_a_decimal_keeps_every_digit_and_no_exponent(tmp_path: Path, kind: pa.DataType, text: str) -> None:
    stats = delta_stats(facts_of(_written(tmp_path, {"c": pa.array([Decimal(text)], kind)})))

    assert f'"minValues":{{"c":{text}}},"maxValues":{{"c":{text}}}' in stats


@pytest.mark.parametrize(
    ("kind", "raw"),
    [(pa.date32(), 3_000_000), (pa.date32(), -800_000), (pa.timestamp("us", "UTC"), 2**62)],
)
def test_a_time_outside_pythons_calendar_has_no_bounds(tmp_path: Path, kind: pa.DataType, raw: int) -> None:
    whole = pa.array([raw], pa.int32() if kind == pa.date32() else pa.int64())
    stats = json.loads(delta_stats(facts_of(_written(tmp_path, {"c": whole.cast(kind)}))))

    assert (stats["minValues"], stats["nullCount"]) == ({}, {"c": 0})


def test_row_groups_are_taken_together(tmp_path: Path) -> None:
    path = _written(tmp_path, {"c": pa.array([5, None, 3, 9, None, 7], pa.int32())}, rows_per_group=2)

    assert pq.read_metadata(path).num_row_groups == 3
    assert facts_of(path).rows == 6
    assert facts_of(path).columns == {"c": ColumnFacts(6, 2, 3, 9)}


def test_a_row_group_of_nulls_takes_no_bounds_away(tmp_path: Path) -> None:
    path = _written(tmp_path, {"c": pa.array([5, 3, None, None], pa.int32())}, rows_per_group=2)

    assert facts_of(path).columns == {"c": ColumnFacts(4, 2, 3, 5)}


def test_a_file_without_rows_has_no_bounds(tmp_path: Path) -> None:
    facts = facts_of(_written(tmp_path, {"c": pa.array([], pa.int32())}))

    assert json.loads(delta_stats(facts)) | {"nullCount": {}} == {
        "numRecords": 0,
        "minValues": {},
        "maxValues": {},
        "nullCount": {},
    }


def test_a_column_without_statistics_is_left_out(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, None], "b": [1, 2]}), tmp_path / "x", write_statistics=["b"])

    assert dict(facts_of(tmp_path / "x").columns) == {"b": ColumnFacts(2, 0, 1, 2)}


def test_nested_columns_are_not_mistaken_for_flat_ones(tmp_path: Path) -> None:
    nested = pa.array([{"a": 100, "b": 1}], pa.struct([("a", pa.int32()), ("b", pa.int32())]))
    path = _written(tmp_path, {"s": nested, "a": pa.array([1], pa.int32()), "l": pa.array([[1, 2]])})

    assert dict(facts_of(path).columns) == {"a": ColumnFacts(1, 0, 1, 1)}


def test_a_name_with_dots_quotes_and_umlauts_is_a_flat_column(tmp_path: Path) -> None:
    path = _written(tmp_path, {'a.b "ü"': pa.array([1], pa.int32())})

    assert json.loads(delta_stats(facts_of(path)))["minValues"] == {'a.b "ü"': 1}


def test_no_more_than_32_columns_have_statistics(tmp_path: Path) -> None:
    path = _written(tmp_path, {f"c{index}": pa.array([index], pa.int32()) for index in range(40)})

    stats = json.loads(delta_stats(facts_of(path)))

    assert [len(stats[key]) for key in ("minValues", "maxValues", "nullCount")] == [32, 32, 32]
    assert len(facts_of(path).columns) == 40


def test_the_facts_of_files_are_those_that_every_file_has(tmp_path: Path) -> None:
    first = _written(
        tmp_path, {"a": pa.array([1, None]), "b": pa.array(["x", "y"]), "f": pa.array([1.0, 2.0])}
    )
    second = _written(
        tmp_path, {"a": pa.array([7, 9]), "b": pa.array(["z", "z" * 99]), "f": pa.array([None, 2.0])}
    )
    third = _written(tmp_path, {"a": pa.array([-1])})

    assert over_files([facts_of(first), facts_of(second)]) == {
        "a": ColumnFacts(4, 1, 1, 9),
        "b": ColumnFacts(4, 0, "x", "z" * 99),
        "f": ColumnFacts(4, 1, None, None),
    }
    assert over_files([facts_of(first), facts_of(third)]) == {"a": ColumnFacts(3, 1, -1, 1)}
    assert over_files([]) == {}


def test_the_statistics_are_what_a_reader_skips_by(tmp_path: Path) -> None:
    path = _written(tmp_path, {"i": pa.array([2, 1, None]), "s": pa.array(["b", "a", "ä"])})

    assert delta_stats(facts_of(path)) == (
        '{"numRecords":3,"minValues":{"i":1,"s":"a"},"maxValues":{"i":2,"s":"ä"},"nullCount":{"i":1,"s":0}}'
    )

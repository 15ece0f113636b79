"""Keys of whole numbers are proven unique by one bit per possible key; what is not proven is grouped as ever."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from sparkjobs.config import PlainOutput
from sparkjobs.publish import stage, staged_rows
from sparkjobs.quality import Given, judge
from sparkjobs.quality.bitmaps import all_differ
from sparkjobs.results import Staged
from tests.checks import NOW, checks_of

Key = tuple[int | None, int | None]
COLUMNS = ("a", "b")


def _staged(spark: SparkSession, folder: Path, rows: list[Key], kinds: str = "a bigint, b int") -> Staged:
    output = PlainOutput(format="parquet", path="unused", mode="overwrite")
    return stage(spark, spark.createDataFrame(rows, kinds).repartition(2), output, folder)


def _proven(spark: SparkSession, staged: Staged, columns: tuple[str, ...] = COLUMNS) -> int | None:
    return all_differ(staged_rows(spark, staged), staged, columns)


@pytest.mark.parametrize(
    ("rows", "proven"),
    [
        ([(1, 1), (1, 2), (2, 1)], 3),
        ([(1, 1), (1, 2), (1, 1)], None),
        ([(-5, 7), (5, -7), (0, 0)], 3),
        ([(-5, 7), (-5, 7)], None),
        ([(1, None), (1, None), (1, 1)], 1),
        ([(2**62, 1), (2**62 + 1, 1)], 2),
        ([(2**62 + 1, 1), (2**62 + 1, 1)], None),
        ([(-(2**63), 1), (2**63 - 1, 1)], None),
        ([(1, 1), (100_000, 2)], None),
        ([], None),
    ],
)  # fmt: skip
def test_keys_are_proven_unique_or_nothing_is_said(
    spark: SparkSession, tmp_path: Path, rows: list[Key], proven: int | None
) -> None:
    assert _proven(spark, _staged(spark, tmp_path / "staged", rows)) == proven


def test_a_column_whose_bounds_are_not_whole_numbers_is_left_to_grouping(
    spark: SparkSession, tmp_path: Path
) -> None:
    rows = spark.range(3).selectExpr(
        "cast(id as double) d", "cast(id as string) s", "id > 0 flag", "cast(id as decimal(9,0)) n", "id p"
    )
    output = PlainOutput(format="parquet", path="unused", mode="overwrite", partition_by=("p",))
    staged = stage(spark, rows, output, tmp_path / "staged")

    assert [_proven(spark, staged, (name,)) for name in rows.columns] == [None] * 5


def test_the_verdict_is_that_of_grouping_and_the_pass_is_named(spark: SparkSession, tmp_path: Path) -> None:
    good = _staged(spark, tmp_path / "good", [(1, 1), (2, None), (2, None)])
    bad = _staged(spark, tmp_path / "bad", [(1, 1), (1, 1), (2, 2)])

    results = [
        judge(spark, checks_of("unique: [a, b]"), one, staged_rows(spark, one), Given(NOW))[0]
        for one in (good, bad)
    ]

    assert [(one.status, one.failing, one.evaluated, one.source) for one in results] == [
        ("pass", 0, 1, "keys"),
        ("fail", 2, 3, "keys"),
    ]
    assert results[1].sample == ('{"a":1,"b":1}',)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.none() | st.integers(-3, 70_000), st.none() | st.integers(0, 2)), min_size=1, max_size=40
    )
)
def test_what_is_proven_is_true(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, rows: list[Key]
) -> None:
    keys = [row for row in rows if None not in row]

    proven = _proven(spark, _staged(spark, tmp_path_factory.mktemp("keys") / "staged", rows))

    assert proven is None or (proven == len(keys) == len(set(keys)))


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=40))
def test_in_a_narrow_range_all_is_proven_that_is_true(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory, rows: list[Key]
) -> None:
    proven = _proven(spark, _staged(spark, tmp_path_factory.mktemp("keys") / "staged", rows))

    assert (proven is not None) == (len(rows) == len(set(rows)))

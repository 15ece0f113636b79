"""Checks are judged on the staged files: footers where they prove it, else one scan, else the keys."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sparkjobs.config import PlainOutput
from sparkjobs.jvm import distinct_keys
from sparkjobs.publish import stage, staged_rows
from sparkjobs.quality import Given, blocks, judge
from sparkjobs.results import CheckResult
from tests.checks import NOW, checks_of

SCHEMA = "i int, d double, s string, n decimal(10,2), day date, p int"
ROWS = [
    (1, 0.5, "a", "1.10", "2013-01-01", 1),
    (2, float("nan"), "b", "2.20", "2013-06-01", 1),
    (None, None, "", None, None, 2),
    (2, 1.5, "a\n", "3.30", "2013-12-31", None),
]


def judged(
    spark: SparkSession, folder: Path, *texts: str, rows: list[tuple[object, ...]] | None = None
) -> tuple[CheckResult, ...]:
    text = "i int, d double, s string, n string, day string, p int"
    frame = spark.createDataFrame(ROWS if rows is None else rows, text)
    frame = frame.selectExpr("i", "d", "s", "cast(n as decimal(10,2)) n", "cast(day as date) day", "p")
    output = PlainOutput(format="delta", path="unused", mode="overwrite", partition_by=("p",))
    staged = stage(spark, frame, output, folder / "staged")
    return judge(spark, checks_of(*texts), staged, staged_rows(spark, staged), Given(NOW))


@pytest.mark.parametrize(
    ("text", "status", "failing", "evaluated", "source"),
    [
        ("not_null: [s]", "pass", 0, 4, "footer"),
        ("not_null: [i]", "fail", 1, 4, "footer"),
        ("not_null: [p]", "fail", 1, 4, "footer"),
        ("not_null: {columns: [i], mostly: 0.75}", "pass", 1, 4, "footer"),
        ("not_null: {columns: [i], mostly: 0.76}", "fail", 1, 4, "footer"),
        ("not_null: {columns: [i], severity: warn}", "warn", 1, 4, "footer"),
        ("not_null: {columns: [i], where: p = 1}", "pass", 0, 2, "scan"),
        ("not_null: {columns: [i], where: p > 5}", "pass", 0, 0, "scan"),
        ("between: {column: i, min: 1, max: 2}", "pass", 0, 3, "footer"),
        ("between: {column: i, min: 2}", "fail", 1, 3, "scan"),
        ("between: {column: i, max: 1.5}", "fail", 2, 3, "scan"),
        ("between: {column: d, min: 0}", "fail", 1, 3, "scan"),
        ("between: {column: n, min: 1.1, max: 3.3}", "pass", 0, 3, "footer"),
        ("between: {column: n, min: 1.11}", "fail", 1, 3, "scan"),
        ("between: {column: n, max: 3.295}", "fail", 1, 3, "scan"),
        ("between: {column: n, max: 1000000000000}", "pass", 0, 3, "footer"),
        ("between: {column: i, min: 2, max: 3000000000}", "fail", 1, 3, "scan"),
        ("accepted_values: {column: n, values: [1.1, 2.2, 3.295]}", "fail", 1, 3, "scan"),
        ("between: {column: day, min: '2013-01-01', max: '2013-12-31'}", "pass", 0, 3, "footer"),
        ("between: {column: day, max: '2013-12-30'}", "fail", 1, 3, "scan"),
        ("accepted_values: {column: s, values: [a, b, '']}", "fail", 1, 4, "scan"),
        ("accepted_values: {column: i, values: [1, 2]}", "pass", 0, 3, "scan"),
        ("matches: {column: s, pattern: '[ab]?'}", "fail", 1, 4, "scan"),
        ("expression: i >= 1", "pass", 0, 3, "scan"),
        ("expression: {expr: i > 1, where: i is not null}", "fail", 1, 3, "scan"),
        ("unique: [i]", "fail", 2, 3, "keys"),
        ("unique: {columns: [i], mostly: 0.3}", "pass", 2, 3, "keys"),
        ("unique: [i, s]", "pass", 0, 3, "keys"),
        ("unique: {columns: [i], where: p = 1}", "pass", 0, 2, "keys"),
    ],
)
def test_each_check_counts_what_breaks_it(
    spark: SparkSession, tmp_path: Path, text: str, status: str, failing: int, evaluated: int, source: str
) -> None:
    (result,) = judged(spark, tmp_path, text)
    assert (result.status, result.failing, result.evaluated, result.source) == (
        status,
        failing,
        evaluated,
        source,
    )


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("row_count: {min: 4}", "pass"),
        ("row_count: {min: 5}", "fail"),
        ("row_count: {max: 3, severity: warn}", "warn"),
    ],
)
def test_rows_are_counted_by_the_footers(spark: SparkSession, tmp_path: Path, text: str, status: str) -> None:
    (result,) = judged(spark, tmp_path, text)
    assert (result.status, result.source) == (status, "footer")


@pytest.mark.parametrize("text", ["not_null: [nope]", "unique: [nope]", "between: {column: nope, min: 1}"])
def test_a_check_of_a_column_that_is_not_there_blocks(spark: SparkSession, tmp_path: Path, text: str) -> None:
    (result,) = judged(spark, tmp_path, text)
    assert (result.status, blocks(result)) == ("error", True)
    assert result.observed == "there is no column 'nope'"


@pytest.mark.parametrize(
    "text", ["between: {column: s, min: 10}", "accepted_values: {column: i, values: [x]}"]
)
def test_a_check_whose_values_do_not_compare_blocks(spark: SparkSession, tmp_path: Path, text: str) -> None:
    (result,) = judged(spark, tmp_path, text)
    assert (result.status, blocks(result)) == ("error", True)
    assert "cannot be compared with" in result.observed


def test_a_share_of_rows_is_counted_to_the_row(spark: SparkSession, tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [
        (1 if one < 55 else None, None, "a", None, None, 1) for one in range(100)
    ]
    (result,) = judged(spark, tmp_path, "not_null: {columns: [i], mostly: 0.55}", rows=rows)
    assert (result.status, result.failing) == ("pass", 45)


def test_no_rows_break_no_row_check(spark: SparkSession, tmp_path: Path) -> None:
    texts = ["not_null: [i]", "unique: [i]", "between: {column: i, min: 1}", "expression: i > 1"]
    results = judged(spark, tmp_path, *texts, rows=[])
    assert [(one.status, one.evaluated) for one in results] == [("pass", 0)] * 4


def jobs_of(spark: SparkSession, folder: Path, *texts: str) -> int:
    """How many Spark jobs it takes to judge these checks."""
    frame = spark.createDataFrame(ROWS, "i int, d double, s string, n string, day string, p int")
    staged = stage(spark, frame, PlainOutput(format="delta", path="unused", mode="overwrite"), folder)
    rows, group = staged_rows(spark, staged), str(folder)
    spark.sparkContext.setJobGroup(group, group)
    judge(spark, checks_of(*texts), staged, rows, Given(NOW))
    spark.sparkContext.setJobGroup("other", "other")
    return len(spark.sparkContext.statusTracker().getJobIdsForGroup(group))


def test_all_scanned_checks_share_one_pass(spark: SparkSession, tmp_path: Path) -> None:
    texts = [
        "expression: i > 0",
        "matches: {column: s, pattern: '(?s).*'}",
        "between: {column: d, min: 0, where: d < 1}",
        "mean: {column: i, min: 1}",
    ]
    # with adaptive execution the shuffle's map side is a job of its own
    assert jobs_of(spark, tmp_path / "scan", *texts) <= 2


def test_footers_and_the_schema_start_no_spark_job(spark: SparkSession, tmp_path: Path) -> None:
    texts = [
        "row_count: {min: 1}",
        "not_null: [s]",
        "between: {column: i, min: 0, max: 9}",
        "column_count: {min: 1}",
    ]
    assert jobs_of(spark, tmp_path / "footers", *texts) == 0


def test_some_of_the_rows_that_break_a_check_are_shown(spark: SparkSession, tmp_path: Path) -> None:
    texts = ["matches: {column: s, pattern: '[ab]?'}", "expression: i < 2 or s = 'b'", "unique: [i]"]
    results = judged(spark, tmp_path, *texts)
    assert [one.sample for one in results] == [
        (r'{"s":"a\n"}',),
        (r'{"i":2,"s":"a\n"}',),
        ('{"i":2}',),
    ]


def test_few_rows_are_shown_of_many(spark: SparkSession, tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(one, None, "a", None, None, 1) for one in range(100)]
    (result,) = judged(spark, tmp_path, "expression: i > 50", rows=rows)
    assert (result.failing, len(result.sample)) == (51, 5)


def test_what_passes_shows_no_rows(spark: SparkSession, tmp_path: Path) -> None:
    (result,) = judged(spark, tmp_path, "expression: {expr: i > 1, mostly: 0.5}")
    assert (result.status, result.failing, result.sample) == ("pass", 1, ())


def test_an_aggregate_is_asked_of_each_group(spark: SparkSession, tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [(1, None, "a", None, None, 1), (2, None, "a", None, None, 1)]
    rows += [(9, None, "b", None, None, 1), (None, None, None, None, None, 1)]
    (result,) = judged(spark, tmp_path, "mean: {column: i, max: 5, group_by: [s]}", rows=rows)
    assert (result.status, result.failing, result.evaluated, result.observed) == (
        "fail",
        2,
        3,
        "2 of 3 groups",
    )


@pytest.mark.parametrize(
    ("text", "observed"),
    [
        ("sum: {column: i, max: 4}", "5, wanted at most 4"),
        ("sum: {column: i, max: 4, where: p = 1}", "3, wanted at most 4"),
        ("row_count: {equals: 3, where: i > 0}", "3, wanted exactly 3"),
        ("distinct_count: {columns: [i], equals: 2}", "2, wanted exactly 2"),
        ("mean: {column: i, min: 1, where: i > 9}", "no rows to evaluate, wanted at least 1"),
        ("column_count: {max: 3}", "6 columns, wanted 0 to 3"),
    ],
)
def test_what_was_found_is_told(spark: SparkSession, tmp_path: Path, text: str, observed: str) -> None:
    (result,) = judged(spark, tmp_path, text)
    assert result.observed == observed


def test_checks_of_the_same_keys_share_one_pass(spark: SparkSession, tmp_path: Path) -> None:
    texts = [
        "unique: [i, s]",
        "distinct_count: {columns: [i, s], min: 1}",
        "unique_share: {columns: [i, s], min: 0}",
    ]
    together = jobs_of(spark, tmp_path / "three", *texts)
    assert together == jobs_of(spark, tmp_path / "one", texts[0])


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select * from {rows} where i <", "Syntax error"),
        ("select nope from {rows}", "nope"),
        ("drop table {rows}", "a query may only select; DropTable is more"),
        ("insert into {rows} select 1", "a query may only select; InsertIntoStatement is more"),
        ("select * from csv.`/etc/passwd`", "it reads 'csv./etc/passwd'"),
        ("select * from {rows} where exists (select 1 from secrets)", "it reads 'secrets'"),
        ("select * from range(3)", "a query may only select; UnresolvedTableValuedFunction is more"),
        (
            "select reflect('java.lang.System', 'exit') from {rows}",
            "reflect() is not a function of the row alone",
        ),
        ("select * from {rows} where now() > d", "now() is not a function of the row alone"),
        ("set a=b", "a query may only select; SetCommand is more"),
    ],
)
def test_a_query_only_selects_from_the_rows_and_the_inputs(
    spark: SparkSession, tmp_path: Path, sql: str, told: str
) -> None:
    (result,) = judged(spark, tmp_path, f'query: "{sql}"')
    assert (result.status, blocks(result)) == ("error", True)
    assert told in result.observed


def test_a_query_leaves_no_view_behind_and_shows_what_came_out(spark: SparkSession, tmp_path: Path) -> None:
    sql = "with big as (select i, s from {rows} where i > 1) select * from big"
    (result,) = judged(spark, tmp_path, f'query: "{sql}"')
    assert (result.status, result.observed) == ("fail", "2, wanted no rows")
    assert sorted(result.sample) == [r'{"i":2,"s":"a\n"}', '{"i":2,"s":"b"}']
    assert spark.catalog.listTables() == []


@pytest.mark.parametrize(
    ("shape", "source"),
    [
        ("frame.groupBy('i').agg(F.count('*').alias('n'))", "plan"),
        ("frame.groupBy('i', 's').count().select('i', 's')", "keys"),
        ("frame.select('i').distinct()", "plan"),
        ("frame.dropDuplicates(['i']).select('s', 'i')", "plan"),
        ("frame.groupBy('i').count().withColumn('j', F.explode(F.array(F.lit(1), F.lit(2))))", "keys"),
        ("frame.groupBy('i').count().join(frame.select('i'), 'i')", "keys"),
        ("frame.groupBy('i').count().withColumn('i', F.col('i') % 2)", "keys"),
        ("frame.groupBy((F.col('i') * 1).alias('i')).count()", "plan"),
        ("frame", "keys"),
    ],
)
def test_what_a_grouping_makes_unique_is_not_counted_again(
    spark: SparkSession, shape: str, source: str
) -> None:
    frame = spark.createDataFrame(ROWS, "i int, d double, s string, n string, day string, p int").dropna(
        subset=["i"]
    )
    shaped = eval(shape, {"frame": frame, "F": F})  # noqa: S307 (the parameters above)
    checks = checks_of("unique: [i]")
    (result,) = judge(spark, checks, None, shaped, Given(NOW, distinct=lambda: distinct_keys(shaped)))
    assert result.source == source
    (beside,) = judge(
        spark, checks, None, shaped, Given(NOW, kept=lambda _: shaped, distinct=lambda: distinct_keys(shaped))
    )
    assert (beside.source, beside.status) == ("keys", "fail")


def test_a_check_that_cannot_be_asked_spoils_no_other(spark: SparkSession, tmp_path: Path) -> None:
    texts = [
        "expression: nope > 1",
        "expression: i / 0 > 1",
        "expression: i > 0",
        "json_schema: {column: s, schema: 'nope nope'}",
        "mean: {column: s, min: 1}",
    ]
    results = judged(spark, tmp_path, *texts)
    assert [one.status for one in results] == ["error", "error", "pass", "error", "error"]
    assert [blocks(one) for one in results] == [True, True, False, True, True]
    assert "nope" in results[0].observed
    assert "Division by zero" in results[1].observed

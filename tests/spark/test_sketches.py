"""What a pass tells of each column where conf asks for it, and that its sketches can be merged."""

import json
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from sparkjobs.quality import estimated
from sparkjobs.record import write_results
from sparkjobs.results import Estimates
from tests.projects import executed, lay_out, planned, write_project

COPY = "@job\ndef out(rows: DataFrame) -> DataFrame:\n    return rows\n"
SOURCES = "rows: {format: csv, path: '${landing}/*.csv', columns: {id: int, kind: string}}\n"


def _told(one: Estimates) -> tuple[object, ...]:
    return one.distinct, one.quantiles, one.common


def test_values_quantiles_and_common_values_of_each_column(spark: SparkSession) -> None:
    rows = spark.range(1, 102).selectExpr("cast(id as int) id", "if(id % 4 = 0, 'x', 'y') kind")

    found = estimated(rows)

    assert found["kind"].distinct == 2
    assert (found["kind"].quantiles, found["kind"].common) == ((), (("y", 76), ("x", 25)))
    assert abs(found["id"].distinct - 101) <= 2
    assert found["id"].quantiles == (1.0, 6.0, 26.0, 51.0, 76.0, 96.0, 101.0)


def test_nulls_nan_and_infinity_are_told_apart(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [(None, 1.5, None), (None, float("nan"), True), (None, float("inf"), True), (None, None, False)],
        "nothing int, number double, flag boolean",
    )

    found = {name: _told(one) for name, one in estimated(rows).items()}

    assert found["nothing"] == (0, (), ((None, 4),))
    assert found["flag"] == (2, (), (("true", 2), ("false", 1), (None, 1)))
    assert found["number"][:2] == (3, (1.5, 1.5, 1.5, 1.5, None, None, None))
    assert sorted(map(str, estimated(rows)["number"].common)) == [
        "('1.5', 1)",
        "('Infinity', 1)",
        "('NaN', 1)",
        "(None, 1)",
    ]


def test_columns_without_single_values_are_left_out(spark: SparkSession) -> None:
    rows = spark.range(3).selectExpr(
        "array(id) many", "struct(id) one", "cast('a' as binary) raw", "id `a.b`"
    )

    assert list(estimated(rows)) == ["a.b"]
    assert estimated(rows.select("many")) == {}


def test_an_empty_text_is_a_value_and_no_rows_have_none(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("",), ("",), ("a",)], "text string")

    assert _told(estimated(rows)["text"]) == (2, (), (("", 2), ("a", 1)))
    assert _told(estimated(rows.limit(0))["text"]) == (0, (), ())


def test_of_very_many_values_none_is_called_common(spark: SparkSession) -> None:
    found = estimated(spark.range(20_000).selectExpr("id", "least(id, 100) capped"))

    assert found["id"].common == ()
    assert found["capped"].common[:1] == (("100", 19_900),)


def test_long_values_stay_out_of_the_record(spark: SparkSession) -> None:
    rows = spark.createDataFrame([("x" * 65,), ("short",)], "text string")

    assert estimated(rows)["text"].common == (("short", 1),)


def test_the_sketches_of_two_runs_make_one_estimate_of_both(spark: SparkSession) -> None:
    first, second = (dict(estimated(spark.range(*ends))["id"].sketches) for ends in ((0, 60), (40, 100)))
    one = spark.createDataFrame(
        [(first["distinct"], second["distinct"], first["quantiles"], second["quantiles"])],
        "a string, b string, c string, d string",
    ).select(*[F.unbase64(name).alias(name) for name in "abcd"])

    merged = one.select(
        F.hll_sketch_estimate(F.hll_union("a", "b")).alias("distinct"),
        F.kll_sketch_get_quantile_double(F.kll_sketch_merge_double("c", "d"), F.lit(1.0)).alias("greatest"),
    ).first()

    assert merged
    assert abs(merged["distinct"] - 100) <= 2
    assert merged["greatest"] == 99.0


def test_a_run_records_them_where_conf_asks_for_it(spark: SparkSession, tmp_path: Path) -> None:
    text = "inputs: {rows: {source: rows}}\noutput: {path: '${warehouse}/out', format: parquet, mode: overwrite}\n"
    files = {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": text + "profile: true\n"}
    write_project(tmp_path, COPY, files)
    lay_out(tmp_path, {"landing/a.csv": "id,kind\n1,x\n2,x\n3,y\n"})

    conf, plan = planned(tmp_path)
    path = write_results(tmp_path / "record", plan, executed(spark, conf, plan))

    kind = json.loads(path.read_text())["results"][0]["profile"]["columns"]["kind"]
    assert (kind["distinct"], kind["quantiles"], kind["common"]) == (2, [], [["x", 2], ["y", 1]])
    assert (kind["nulls"], kind["min"], kind["max"]) == (0, "x", "y")
    assert "sketches" not in kind
    sketches = json.loads((tmp_path / "record/sketches.json").read_text())["out"]
    assert {name: list(one) for name, one in sketches.items()} == {
        "id": ["distinct", "quantiles"],
        "kind": ["distinct"],
    }


def test_to_ask_for_them_is_no_reason_to_run(tmp_path: Path) -> None:
    text = "inputs: {rows: {source: rows}}\noutput: {path: '${warehouse}/out', format: parquet, mode: overwrite}\n"
    write_project(tmp_path, COPY, {"conf/sources.yml": SOURCES, "conf/jobs/out.yml": text})
    lay_out(tmp_path, {"landing/a.csv": "id,kind\n1,x\n"})
    before = planned(tmp_path)[1].jobs[0].fingerprint

    lay_out(tmp_path, {"conf/jobs/out.yml": text + "profile: true\n"})

    assert planned(tmp_path)[1].jobs[0].fingerprint == before

"""Rejected rows come back: through the contract of now, once, in the commit that takes them out of the quarantine."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs import upkeep
from sparkjobs.cli.options import registry_of
from sparkjobs.config import load
from sparkjobs.errors import LogicChangedError, UsageError
from sparkjobs.plan import Request, build
from sparkjobs.plan.replay import kept_rows
from sparkjobs.results import JobResult
from sparkjobs.state import look
from tests.projects import NOW, executed, lay_out, run, table, write_project

CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind", "at")
"""
STRICT = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, kind: string, at: int}
  rules: [{name: known, expr: "kind in ('x', 'y')"}]
  bad_rows: {max_share: 0.9}
"""
LOOSE = STRICT.replace("('x', 'y')", "('x', 'y', 'z')")
JOB = """
inputs: {rows: {source: rows}}
output: {format: FORMAT, path: "${warehouse}/events", MODE}
INCREMENTAL
"""
MERGE = "mode: merge, keys: [id], order_by: [at]"
FIRST = "id,kind,at\n1,x,1\n2,z,1\n3,q,1\n"
Rows = list[tuple[object, ...]]


def project(
    root: Path, table_format: str = "delta", mode: str = MERGE, incremental: str = "incremental: {by: files}"
) -> None:
    job = JOB.replace("FORMAT", table_format).replace("MODE", mode).replace("INCREMENTAL", incremental)
    write_project(
        root, CODE, {"conf/sources.yml": STRICT, "conf/jobs/events.yml": job, "landing/a.csv": FIRST}
    )


def replay(spark: SparkSession, root: Path) -> JobResult:
    conf = load(root, None, (), {})
    plan = build(conf, registry_of(conf), Request(("events",), window=NOW, replay=True))
    (result,) = executed(spark, conf, plan).jobs
    return result


def rows(spark: SparkSession, root: Path) -> Rows:
    return sorted(
        tuple(row) for row in table(spark, root / "warehouse/events").select("id", "kind", "at").collect()
    )


def waiting(root: Path) -> list[tuple[int, str, list[str]]]:
    conf = load(root, None, (), {})
    body = conf.jobs["events"]
    kept = kept_rows(body, look("events", Path(body.output.path), body.output.format))
    return sorted(
        (one.number, row["raw"], [reason["rule"] for reason in row["reasons"]])
        for one in kept
        for row in one.rows()
    )


def adopt(root: Path) -> None:
    conf = load(root, None, (), {})
    upkeep.adopt(upkeep.job_of(conf, registry_of(conf), "events"), "adopter")


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
@pytest.mark.parametrize("mode", ["mode: append", MERGE, "mode: scd2, keys: [id], sequence_by: at"])
def test_rows_that_are_good_now_come_in_and_the_others_stay_with_their_new_reason(
    spark: SparkSession, tmp_path: Path, table_format: str, mode: str
) -> None:
    project(tmp_path, table_format, mode)
    run(spark, tmp_path)
    assert waiting(tmp_path) == [(1, "2,z,1", ["known"]), (1, "3,q,1", ["known"])]
    lay_out(tmp_path, {"conf/sources.yml": LOOSE.replace("name: known", "name: still")})
    adopt(tmp_path)

    result = replay(spark, tmp_path)

    assert (result.status, result.ledgers[0].read, result.ledgers[0].valid) == ("success", 2, 1), (
        result.message
    )
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "z", 1)]
    assert waiting(tmp_path) == [(3, "3,q,1", ["still"])]


def test_nothing_is_replayed_twice(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, mode="mode: append")
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": LOOSE.replace("'z'", "'z', 'q'")})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert waiting(tmp_path) == []

    assert replay(spark, tmp_path).status == "no-op"
    assert run(spark, tmp_path)["events"].status == "no-op"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "z", 1), (3, "q", 1)]


def test_new_files_are_taken_after_a_replay_as_before(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, mode="mode: append")
    run(spark, tmp_path)
    replay(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,kind,at\n4,y,1\n"})
    assert run(spark, tmp_path)["events"].status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (4, "y", 1)]
    assert [raw for _, raw, _ in waiting(tmp_path)] == ["2,z,1", "3,q,1"]


def test_a_record_keeps_the_columns_of_its_own_file(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "at,kind,id\n7,z,4\n"})
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": LOOSE})
    adopt(tmp_path)
    replay(spark, tmp_path)
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "z", 1), (4, "z", 7)]


def test_an_older_row_that_comes_back_does_not_replace_a_newer_one(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,kind,at\n2,y,5\n"})
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": LOOSE})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "y", 5)]


@pytest.mark.parametrize(
    ("body", "files", "good"),
    [
        (
            "format: json\n  path: ${landing}/*.csv",
            {"landing/a.csv": '{"id": 1, "kind": "x", "at": 1}\n{"id": 2, "kind": "z", "at": 1}\n'},
            [(1, "x", 1), (2, "z", 1)],
        ),
        (
            "format: csv\n  path: ${landing}/*.csv\n  options: {multi_line: true}",
            {"landing/a.csv": 'id,kind,at\n1,x,1\n2,"z",1\n'},
            [(1, "x", 1), (2, "z", 1)],
        ),
        (
            "format: csv\n  path: ${landing}/*.csv\n  options: {header: false, delimiter: ;}",
            {"landing/a.csv": "1;x;1\n2;z;1\n"},
            [(1, "x", 1), (2, "z", 1)],
        ),
    ],
)
def test_each_format_of_text_is_read_again(
    spark: SparkSession, tmp_path: Path, body: str, files: Mapping[str, str], good: Rows
) -> None:
    project(tmp_path)
    strict = STRICT.replace("format: csv\n  path: ${landing}/*.csv", body)
    lay_out(tmp_path, {"conf/sources.yml": strict, **files})
    run(spark, tmp_path)
    assert rows(spark, tmp_path) == good[:1]
    lay_out(tmp_path, {"conf/sources.yml": strict.replace("('x', 'y')", "('x', 'y', 'z')")})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == good


def test_rows_of_typed_files_come_back_to_the_digit(spark: SparkSession, tmp_path: Path) -> None:
    code = """
    @job
    def events(rows: DataFrame) -> DataFrame:
        return rows
    """
    columns = "{id: int, d: double, n: 'decimal(20,6)', t: timestamp, b: binary, day: date, ok: boolean}"
    sources = f"rows:\n  format: parquet\n  path: ${{landing}}/*.parquet\n  columns: {columns}\n"
    strict = sources + "  rules: [{name: known, expr: id < 2}]\n  bad_rows: {max_share: 0.9}\n"
    job = (
        JOB.replace("FORMAT", "delta")
        .replace("MODE", "mode: append")
        .replace("INCREMENTAL", "incremental: {by: files}")
    )
    write_project(tmp_path, code, {"conf/sources.yml": strict, "conf/jobs/events.yml": job})
    typed = spark.sql(
        "select id, 0.1D + id as d, 12345678901234.567890BD as n, timestamp'2013-01-01 10:00:00.123456' as t,"
        " X'00FF' as b, date'2013-02-03' as day, id > 1 as ok from values (1), (2) as v(id)"
    ).selectExpr("id", "d", "cast(n as decimal(20,6)) n", "t", "b", "day", "ok")
    (tmp_path / "landing").mkdir()
    typed.coalesce(1).write.parquet(str(tmp_path / "staged"))
    next((tmp_path / "staged").glob("*.parquet")).rename(tmp_path / "landing/a.parquet")
    assert run(spark, tmp_path)["events"].status == "success"
    lay_out(tmp_path, {"conf/sources.yml": strict.replace("id < 2", "id < 3")})
    adopt(tmp_path)

    assert replay(spark, tmp_path).status == "success"

    found = sorted(tuple(row) for row in table(spark, tmp_path / "warehouse/events").collect())
    assert found == sorted(tuple(row) for row in typed.collect())


def test_what_is_wrong_outside_of_a_record_stays_wrong(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, mode="mode: append")
    unique = STRICT.replace("  rules:", "  unique: {keys: [id], order_by: [at]}\n  rules:")
    lay_out(tmp_path, {"conf/sources.yml": unique.replace("{id: int,", "{id: string,")})
    (tmp_path / "landing/a.csv").write_bytes(b"id,kind,at\n1,x,2\n1,x,1\nid,kind,at\n\xff,x,1\n")
    run(spark, tmp_path)
    before = [(raw, rules) for _, raw, rules in waiting(tmp_path)]
    assert sorted(rule for _, rules in before for rule in rules) == [
        "not_utf8",
        "repeated_header",
        "unique (id)",
    ]

    assert replay(spark, tmp_path).status == "success"

    assert rows(spark, tmp_path) == [("1", "x", 2)]
    assert sorted((raw, rules) for _, raw, rules in waiting(tmp_path)) == sorted(before)


def test_a_job_that_is_not_what_its_table_was_made_with_replays_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": LOOSE})
    with pytest.raises(LogicChangedError):
        replay(spark, tmp_path)
    assert len(waiting(tmp_path)) == 2


@pytest.mark.parametrize(
    ("mode", "incremental", "told"),
    [
        ("mode: overwrite", "", "mode overwrite replaces what is there"),
        (MERGE, "", "each of its runs reads everything"),
    ],
)
def test_where_every_run_reads_everything_there_is_nothing_to_replay(
    spark: SparkSession, tmp_path: Path, mode: str, incremental: str, told: str
) -> None:
    project(tmp_path, mode=mode, incremental=incremental)
    run(spark, tmp_path)
    with pytest.raises(UsageError, match=told):
        replay(spark, tmp_path)


def test_rows_without_declared_types_cannot_come_back(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, mode="mode: append")
    typed = "rows:\n  format: parquet\n  path: ${landing}/*.parquet\n  rules: [{name: known, expr: id < 2}]\n"
    lay_out(tmp_path, {"conf/sources.yml": typed + "  bad_rows: {max_share: 0.9}\n"})
    spark.sql("select * from values (1, 'x', 1), (2, 'z', 1) as t(id, kind, at)").coalesce(1).write.parquet(
        str(tmp_path / "staged")
    )
    next((tmp_path / "staged").glob("*.parquet")).rename(tmp_path / "landing/a.parquet")
    run(spark, tmp_path)
    result = replay(spark, tmp_path)
    assert result.status == "error"
    assert "its columns are not declared" in result.message
    assert len(waiting(tmp_path)) == 1

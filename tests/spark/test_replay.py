"""Rejected rows come back: through the contract of now, once, in the commit that takes them out of the quarantine."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs import upkeep
from sparkjobs.config import load
from sparkjobs.errors import LogicChangedError, UsageError
from sparkjobs.plan import Request, build
from sparkjobs.plan.replay import kept_rows
from sparkjobs.registry import registry_of
from sparkjobs.results import JobResult
from sparkjobs.state import look
from sparkjobs.state.quarantine import unsettled
from tests.projects import NOW, executed, lay_out, run, table, write_project
from tests.projects import rows as published

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
    return published(spark, root / "warehouse/events", "id", "kind", "at")


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
        ("mode: merge, keys: [id]", "incremental: {by: files}", "an older row would replace a newer one"),
    ],
)
def test_where_rows_cannot_be_added_by_themselves_nothing_is_replayed(
    spark: SparkSession, tmp_path: Path, mode: str, incremental: str, told: str
) -> None:
    project(tmp_path, mode=mode, incremental=incremental)
    run(spark, tmp_path)
    with pytest.raises(UsageError, match=told):
        replay(spark, tmp_path)


def typed_project(root: Path, spark: SparkSession, sources: str, rows: str) -> None:
    project(root, mode="mode: append")
    lay_out(root, {"conf/sources.yml": sources})
    spark.sql(rows).coalesce(1).write.parquet(str(root / "staged"))
    (root / "landing").mkdir(exist_ok=True)
    next((root / "staged").glob("*.parquet")).rename(root / "landing/a.parquet")


def test_rows_whose_types_nobody_declares_have_those_of_their_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    sources = (
        "rows:\n  format: parquet\n  path: ${landing}/*.parquet\n  rules: [{name: known, expr: id < 2}]\n"
    )
    strict = sources + "  bad_rows: {max_share: 0.9}\n"
    typed_project(tmp_path, spark, strict, "select * from values (1, 'x', 1), (2, 'z', 1) as t(id, kind, at)")
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": strict.replace("id < 2", "id < 3")})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "z", 1)]


def test_a_declared_type_is_made_of_the_file_s_own_type_again(spark: SparkSession, tmp_path: Path) -> None:
    columns = "{id: int, kind: string, at: double}"
    sources = f"rows:\n  format: parquet\n  path: ${{landing}}/*.parquet\n  columns: {columns}\n"
    strict = sources + "  rules: [{name: known, expr: id < 1}]\n  bad_rows: {max_share: 1.0}\n"
    typed = "select 1 as id, timestamp'2013-01-01 10:00:00.120000' as kind, cast(0.1 as float) as at"
    typed_project(tmp_path, spark, strict, typed)
    assert run(spark, tmp_path)["events"].status == "success"
    lay_out(tmp_path, {"conf/sources.yml": strict.replace("id < 1", "id < 2")})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "2013-01-01 10:00:00.12", 0.10000000149011612)]


def test_blanks_come_back_too(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    multi = STRICT.replace("format: csv", "format: csv\n  options: {multi_line: true}")
    lay_out(tmp_path, {"conf/sources.yml": multi, "landing/a.csv": 'id,kind,at\n1,x,1\n2," z ",1\n'})
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": multi.replace("'y')", "'y', ' z ')")})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, " z ", 1)]


def test_a_file_that_was_read_again_has_taken_its_rows_out(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/a.csv": "id,kind,at\n1,x,1\n2,y,1\n3,q,1\n"})
    run(spark, tmp_path)
    assert waiting(tmp_path) == [(2, "3,q,1", ["known"])]
    lay_out(tmp_path, {"conf/sources.yml": LOOSE})
    adopt(tmp_path)
    replay(spark, tmp_path)
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "y", 1)]


def test_a_row_that_several_runs_have_rejected_is_one_row(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, incremental="incremental: {by: column, column: at}")
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/b.csv": "id,kind,at\n4,y,2\n"})
    run(spark, tmp_path)
    conf = load(tmp_path, None, (), {})
    kept = kept_rows(conf.jobs["events"], look("events", tmp_path / "warehouse/events", "delta"))
    assert sorted((one.number, row["raw"]) for one, row in unsettled(kept)) == [(2, "2,z,1"), (2, "3,q,1")]
    assert replay(spark, tmp_path).ledgers[0].read == 2
    assert [number for number, _, _ in waiting(tmp_path)] == [3, 3]
    assert rows(spark, tmp_path) == [(1, "x", 1), (4, "y", 2)]


def test_a_replay_needs_its_source_no_more(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path)
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": LOOSE})
    adopt(tmp_path)
    (tmp_path / "landing/a.csv").rename(tmp_path / "archived.csv")
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "z", 1)]


def test_after_a_replay_a_job_without_increments_has_nothing_to_do(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, mode="mode: append", incremental="")
    run(spark, tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert run(spark, tmp_path)["events"].status == "no-op"
    assert rows(spark, tmp_path) == [(1, "x", 1)]


def test_columns_that_were_renamed_since_are_not_guessed(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, mode="mode: append")
    run(spark, tmp_path)
    lay_out(
        tmp_path,
        {
            "conf/sources.yml": LOOSE.replace("kind: string", "sort: string").replace("kind in", "sort in"),
            "landing/a.csv": "id,sort,at\n1,x,1\n",
        },
    )
    adopt(tmp_path)
    result = replay(spark, tmp_path)
    assert (result.status, "it lacks the column 'sort'" in result.message) == ("error", True)
    assert len(waiting(tmp_path)) == 2


def test_a_column_that_was_forgotten_is_added_and_the_rows_come_home(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, mode="mode: append")
    bare = STRICT.replace("format: csv", "format: csv\n  options: {header: false}").replace(", at: int}", "}")
    code = CODE.replace('"id", "kind", "at"', '"id", "kind", F.lit(1).alias("at")')
    write_project(tmp_path, code, {"conf/sources.yml": bare, "landing/a.csv": "1,x\n2,y,9\n"})
    run(spark, tmp_path)
    assert waiting(tmp_path) == [(1, "2,y,9", ["too_many_fields"])]
    lay_out(tmp_path, {"conf/sources.yml": bare.replace("kind: string}", "kind: string, more: int}")})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "y", 1)]


def test_a_row_whose_key_another_had_comes_home_when_keys_may_be_shared(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, mode="mode: append")
    unique = STRICT.replace("  rules:", "  unique: {keys: [id], order_by: [at]}\n  rules:")
    lay_out(tmp_path, {"conf/sources.yml": unique, "landing/a.csv": "id,kind,at\n1,x,2\n1,y,1\n"})
    run(spark, tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert [raw for _, raw, _ in waiting(tmp_path)] == ["1,y,1"]
    lay_out(tmp_path, {"conf/sources.yml": STRICT})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 2), (1, "y", 1)]


def test_a_source_that_is_looked_up_too_is_read_for_that(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, mode="mode: append")
    code = """
    @job
    def events(rows: DataFrame, known: DataFrame) -> DataFrame:
        return rows.join(known.select(F.col("at").alias("known_at")).distinct(), F.col("at") == F.col("known_at"), "left_semi")
    """
    job = JOB.replace("{rows: {source: rows}}", "{rows: {source: rows}, known: {source: rows, lookup: true}}")
    job = (
        job.replace("FORMAT", "delta")
        .replace("MODE", "mode: append")
        .replace("INCREMENTAL", "incremental: {by: files}")
    )
    write_project(tmp_path, code, {"conf/jobs/events.yml": job})
    run(spark, tmp_path)
    lay_out(tmp_path, {"conf/sources.yml": LOOSE})
    adopt(tmp_path)
    assert replay(spark, tmp_path).status == "success"
    assert rows(spark, tmp_path) == [(1, "x", 1), (2, "z", 1)]

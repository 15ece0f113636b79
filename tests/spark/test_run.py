"""One job's flow when the world moves under it: inputs that change, folders that are shut, late errors."""

import inspect
import json
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.errors import utils as errors
from pyspark.sql import SparkSession

from sparkjobs.state import look
from tests.projects import executed, lay_out, planned, process, rows, run, write_project

SOURCES = "rows: {format: csv, path: '${landing}/*.csv', columns: {id: int}}\n"
COPY = "@job\ndef out(rows: DataFrame) -> DataFrame:\n    return rows\n"
APPENDS = """
@job
def out(rows: DataFrame) -> DataFrame:
    with open({path!r}, "a") as file:
        file.write("2\\n")
    return rows
"""
TWO = """
@job
def first(rows: DataFrame) -> DataFrame:
    return rows

@job
def second(first: DataFrame) -> DataFrame:
    return first
"""


def _job(name: str, inputs: str, table_format: str, params: str = "{}") -> dict[str, str]:
    text = f"inputs: {inputs}\nparams: {params}\n"
    text += f'output: {{format: {table_format}, path: "${{warehouse}}/{name}"}}\n'
    return {f"conf/jobs/{name}.yml": text}


def project(root: Path, code: str = COPY, table_format: str = "delta", params: str = "{}") -> Path:
    job = _job("out", "{rows: {source: rows}}", table_format, params)
    write_project(root, code, {"conf/sources.yml": SOURCES, "landing/a.csv": "id\n1\n", **job})
    return root


def chain(root: Path) -> Path:
    jobs = {
        **_job("first", "{rows: {source: rows}}", "parquet"),
        **_job("second", "{first: {ref: first}}", "delta"),
    }
    write_project(root, TWO, {"conf/sources.yml": SOURCES, "landing/a.csv": "id\n1\n", **jobs})
    return root


def test_what_another_run_has_done_meanwhile_is_not_done_again(spark: SparkSession, tmp_path: Path) -> None:
    conf, plan = planned(chain(tmp_path))
    first = executed(spark, conf, plan, run_id="first").jobs
    assert [job.status for job in first] == ["success", "success"]

    late = executed(spark, conf, plan).jobs

    assert [(job.status, job.message) for job in late] == [
        ("no-op", "run first has published it meanwhile"),
        ("no-op", "run first has published it meanwhile"),
    ]


def test_a_run_whose_table_was_published_from_other_input_meanwhile_plans_again(
    spark: SparkSession, tmp_path: Path
) -> None:
    conf, plan = planned(project(tmp_path))
    lay_out(tmp_path, {"landing/b.csv": "id\n2\n"})
    assert run(spark, tmp_path)["out"].status == "success"

    (late,) = executed(spark, conf, plan).jobs

    assert late.status == "error"
    assert late.message.startswith(
        "'out': its table stands at manifest 1, the plan was made from 0.\nAnother run has published meanwhile;"
    )
    assert rows(spark, tmp_path / "warehouse/out") == [(1,), (2,)]


@pytest.mark.parametrize("vanishes", [True, False])
def test_a_file_that_is_not_as_it_was_planned_is_not_read(
    spark: SparkSession, tmp_path: Path, *, vanishes: bool
) -> None:
    conf, plan = planned(project(tmp_path))
    if vanishes:
        (tmp_path / "landing/a.csv").unlink()
    else:
        lay_out(tmp_path, {"landing/a.csv": "id\n2\n"})

    (result,) = executed(spark, conf, plan).jobs

    how = "No such file or directory; it was there when" if vanishes else "it was changed after"
    assert result.status == "error"
    assert result.message.startswith(f"source 'rows': landing/a.csv: {how} the plan was made\n")
    assert result.staged is None


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_a_file_that_changes_while_it_is_read_publishes_nothing(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    project(tmp_path, APPENDS.format(path=str(tmp_path / "landing/a.csv")), table_format)

    result = run(spark, tmp_path)["out"]

    assert (result.status, result.published) == ("error", None)
    assert result.message.startswith("source 'rows': landing/a.csv: it was changed after the plan was made\n")
    assert look("out", tmp_path / "warehouse/out", table_format).version is None


def test_a_parquet_table_published_again_since_the_plan_is_not_read(
    spark: SparkSession, tmp_path: Path
) -> None:
    chain(tmp_path)
    run(spark, tmp_path, "first")
    conf, plan = planned(tmp_path, "second")
    lay_out(tmp_path, {"landing/b.csv": "id\n2\n"})
    run(spark, tmp_path, "first")

    (result,) = executed(spark, conf, plan).jobs

    assert result.status == "error"
    assert result.message.startswith("'first': its table stands at manifest 2, the plan was made from 1.\n")
    assert rows(spark, tmp_path / "warehouse/first") == [(1,), (2,)]


def test_a_parquet_table_published_again_while_it_is_read_publishes_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    chain(tmp_path)
    run(spark, tmp_path, "first")
    committed = tmp_path / "warehouse/first/_sparkjobs/committed.json"
    (module,) = tmp_path.glob("jobs_*/__init__.py")
    meanwhile = f"""
    from pathlib import Path
    committed = Path({str(committed)!r})
    committed.write_text(committed.read_text().replace('"number": 1', '"number": 2'))
    return first
"""
    module.write_text(module.read_text().replace("\n    return first\n", meanwhile))

    result = run(spark, tmp_path, "second")["second"]

    assert (result.status, result.published, result.staged) == ("error", None, 1)
    assert result.message.startswith("'first': its table stands at manifest 2, the plan was made from 1.\n")


def test_an_error_after_the_commit_took_effect_hides_no_publication(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Delta's writer fails at its checkpoint, and that comes after the commit."""
    table = tmp_path / "warehouse/out"
    run(spark, project(tmp_path))
    DeltaTable(table).alter.set_table_properties({"delta.checkpointInterval": "1"})
    (table / "_delta_log/_last_checkpoint").unlink(missing_ok=True)
    (table / "_delta_log/_last_checkpoint").mkdir()
    lay_out(tmp_path, {"landing/a.csv": "id\n3\n4\n"})

    result = run(spark, tmp_path)["out"]

    (table / "_delta_log/_last_checkpoint").rmdir()
    assert rows(spark, table) == [(3,), (4,)]
    assert result.status == "success", result.message
    assert result.published is not None
    assert (result.published.version, result.published.rows) == (DeltaTable(table).version(), 2)


def test_an_output_that_cannot_be_made_is_an_error_of_its_job(spark: SparkSession, tmp_path: Path) -> None:
    conf, plan = planned(project(tmp_path))
    lay_out(tmp_path, {"warehouse": "a file"})

    (result,) = executed(spark, conf, plan).jobs

    assert (result.status, result.exit_code) == ("error", 1)
    assert result.message.startswith("'out': it failed to begin: [Errno 20] Not a directory")


def test_a_secret_that_is_not_there_is_an_error_of_its_job(spark: SparkSession, tmp_path: Path) -> None:
    code = "@job\ndef out(rows: DataFrame, *, key: str) -> DataFrame:\n    return rows\n"
    project(tmp_path, code, params='{key: "${secret:env:SPARKJOBS_NOPE}"}')

    result = run(spark, tmp_path)["out"]

    assert result.status == "error"
    assert result.message.startswith(
        "'out': it failed to read: there is no secret at '${secret:env:SPARKJOBS_NOPE}'\n"
    )


SITES = """
@job
def out(rows: DataFrame) -> DataFrame:
    return rows.select((F.lit(1) / F.col("id")).alias("x"))
"""


def test_pyspark_notes_where_calls_are_made_in_a_jobs_own_code_alone(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    capture = errors._capture_call_site  # noqa: SLF001 (PySpark has no other way to hear of it)

    def heard(depth: int) -> str:
        noted.append(_caller())
        return capture(depth)

    monkeypatch.setattr(errors, "_capture_call_site", heard)

    assert run(spark, project(tmp_path, SITES))["out"].status == "success"

    assert set(noted) == {f"{next(tmp_path.glob('jobs_*'))}/__init__.py:6"}


def _caller() -> str:
    """The nearest line that is no test and not PySpark's."""
    frames = [f"{one.filename}:{one.lineno}" for one in inspect.stack()]
    return next(one for one in frames if "/pyspark/" not in one and __file__ not in one)


def test_an_error_of_a_column_tells_the_line_of_the_job_that_made_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    project(tmp_path, SITES)
    lay_out(tmp_path, {"landing/a.csv": "id\n0\n"})

    result = run(spark, tmp_path)["out"]

    assert result.status == "error"
    assert "[DIVIDE_BY_ZERO]" in result.message
    assert f"was called from {next(tmp_path.glob('jobs_*'))}/__init__.py:6" in result.message


def test_secrets_in_a_list_reach_the_function_in_clear(spark: SparkSession, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-in-a-list\n")
    code = """
    @job
    def out(rows: DataFrame, *, keys: tuple[str, ...]) -> DataFrame:
        return rows.select(F.lit(len(keys[1])).alias("length"), F.lit(keys[0]).alias("plain"))
    """
    project(tmp_path, code, params=f'{{keys: ["plain", "${{secret:file:{secret}}}"]}}')

    result = run(spark, tmp_path)["out"]

    assert result.status == "success", result.message
    assert rows(spark, tmp_path / "warehouse/out") == [(16, "plain")]


def test_a_bug_met_by_one_job_stops_no_other(spark: SparkSession, tmp_path: Path) -> None:
    code = "@job\ndef bad(rows: DataFrame) -> DataFrame:\n    return rows\n\n" + COPY
    bad = _job("bad", "{rows: {source: rows}}", "delta")
    out = _job("out", "{rows: {source: rows}}", "delta")
    write_project(tmp_path, code, {"conf/sources.yml": SOURCES, "landing/a.csv": "id\n1\n", **bad, **out})
    conf, plan = planned(tmp_path)
    manifests = tmp_path / "warehouse/bad/_sparkjobs/manifests"
    manifests.mkdir(parents=True)
    (manifests / "1.json").write_text('{"inputs": []}')

    results = {one.job: one for one in executed(spark, conf, plan).jobs}

    assert (results["bad"].status, results["out"].status) == ("error", "success")
    assert results["bad"].message.startswith("unexpected: TypeError: ")


def test_a_jvm_that_dies_is_an_error_of_each_job_and_the_record_is_written(tmp_path: Path) -> None:
    dies = """
    @job
    def first(rows: DataFrame) -> DataFrame:
        jvm = rows.sparkSession.sparkContext._gateway.proc
        jvm.kill()
        jvm.wait()
        return rows

    @job
    def second(rows: DataFrame) -> DataFrame:
        return rows
    """
    jobs = {
        name: text
        for job in ("first", "second")
        for name, text in _job(job, "{rows: {source: rows}}", "delta").items()
    }
    write_project(tmp_path, dies, {"conf/sources.yml": SOURCES, "landing/a.csv": "id\n1\n", **jobs})

    done = process(tmp_path, "run", "--run-id", "monday")
    _, told = done.communicate(timeout=120)

    assert done.returncode == 1, told
    record = json.loads((tmp_path / "target/runs/monday/run_results.json").read_text())
    assert [entry["status"] for entry in record["results"]] == ["error", "error"]
    events = (tmp_path / "target/runs/monday/events.jsonl").read_text().splitlines()
    assert json.loads(events[-1])["event"] == "run_ended"


def test_a_secret_setting_reaches_the_session_and_no_record(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-of-a-setting\n")
    code = """
    @job
    def out(rows: DataFrame) -> DataFrame:
        key = rows.sparkSession.conf.get("spark.hadoop.x.key")
        raise ValueError(f"{len(key)} characters: {key}")
    """
    project(tmp_path, code)
    conf_file = tmp_path / "conf/sparkjobs.yml"
    conf_file.write_text(conf_file.read_text() + f"  spark.hadoop.x.key: ${{secret:file:{secret}}}\n")

    done = process(tmp_path, "run", "--run-id", "monday")
    out, told = done.communicate(timeout=120)

    assert "ValueError: 19 characters: ********" in told
    records = "".join(path.read_text() for path in (tmp_path / "target/runs/monday").iterdir())
    assert "canary" not in out + told + records

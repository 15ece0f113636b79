"""Jobs that overlap: each in a session of its own, with the rows, ledgers and commits that it has alone."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from sparkjobs.plan import JobPlan
from sparkjobs.record import Event
from sparkjobs.results import JobResult
from sparkjobs.run import Orders, execute
from sparkjobs.shelf import Opened, Shelf
from tests.event_log import log_of, scans
from tests.projects import executed, lay_out, planned, rows, write_project

HEAD = """
import threading
import time
from pathlib import Path

BOTH = threading.Barrier(2)

def until(found):
    deadline = time.monotonic() + 60
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)
"""
SOURCES = """
rows: {format: csv, path: '${landing}/rows/*.csv', columns: {id: int, part: int}}
more: {format: csv, path: '${landing}/more/*.csv', columns: {id: int, word: string}}
"""
LANDING = {
    "landing/rows/a.csv": "id,part\n1,1\n2,2\nbad,2\n3,1\n",
    "landing/more/a.csv": "id,word\n1,x\n2,y\nbad,z\n",
}
ROWS = [(1, 1), (2, 2), (3, 1)]
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
SHARED = "{rows: {source: rows}}"


def job(name: str, inputs: str = SHARED, output: str = "", more: str = "") -> dict[str, str]:
    text = f'inputs: {inputs}\noutput: {{format: delta, path: "${{warehouse}}/{name}"{output}}}\n{more}\n'
    return {f"conf/jobs/{name}.yml": text}


def project(root: Path, code: str, *jobs: dict[str, str]) -> None:
    sources = SOURCES.replace("}}", "}, bad_rows: {max_share: 0.5}}")
    files = {"conf/sources.yml": sources, **LANDING}
    write_project(root, HEAD + code, {**files, **{name: text for one in jobs for name, text in one.items()}})


TOGETHER = """
@job
def left(rows: DataFrame) -> DataFrame:
    BOTH.wait(60)
    return rows

@job
def right(rows: DataFrame) -> DataFrame:
    BOTH.wait(60)
    return rows
"""
"""Each waits inside its function until the other is there too."""


def run(spark: SparkSession, root: Path, threads: int = 2) -> dict[str, JobResult]:
    conf, plan = planned(root)
    return {one.job: one for one in executed(spark, conf, plan, threads=threads).jobs}


def test_jobs_that_do_not_read_each_other_overlap(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, TOGETHER, job("left"), job("right"))

    results = run(spark, tmp_path)

    assert [(one.job, one.status, one.message) for one in results.values()] == [
        ("left", "success", "first run"),
        ("right", "success", "first run"),
    ]
    for one in results.values():
        assert rows(spark, tmp_path / "warehouse" / one.job) == ROWS
        assert [(ledger.read, ledger.quarantined) for ledger in one.ledgers] == [(4, 1)]


def test_a_failure_stops_what_reads_it_and_not_what_runs_beside_it(
    spark: SparkSession, tmp_path: Path
) -> None:
    code = """
@job
def top(rows: DataFrame) -> DataFrame:
    return rows

@job
def left(top: DataFrame) -> DataFrame:
    BOTH.wait(60)
    raise ValueError("on purpose")

@job
def right(top: DataFrame) -> DataFrame:
    BOTH.wait(60)
    return top

@job
def bottom(left: DataFrame, right: DataFrame) -> DataFrame:
    return left.join(right, on="id", how="inner").select("id")

@job
def after(right: DataFrame) -> DataFrame:
    return right
"""
    read_top, read_right = "{top: {ref: top}}", "{right: {ref: right}}"
    read_both = "{left: {ref: left}, right: {ref: right}}"
    project(
        tmp_path,
        code,
        job("top"),
        job("left", read_top),
        job("right", read_top),
        job("bottom", read_both),
        job("after", read_right),
    )

    results = run(spark, tmp_path)

    assert {name: one.status for name, one in results.items()} == {
        "top": "success",
        "left": "error",
        "right": "success",
        "bottom": "skipped",
        "after": "success",
    }
    assert "ValueError: on purpose" in results["left"].message
    assert results["bottom"].message == "left did not publish"
    assert rows(spark, tmp_path / "warehouse/after") == ROWS
    assert not (tmp_path / "warehouse/bottom").exists()


def test_two_merges_at_once_carry_each_their_own_number(spark: SparkSession, tmp_path: Path) -> None:
    """The number is a setting of the session while a merge runs."""
    merge = ", mode: merge, keys: [id]"
    project(tmp_path, TOGETHER, job("left", output=merge), job("right", output=merge))
    assert {one.status for one in run(spark, tmp_path).values()} == {"success"}

    for number, part in ((2, 7), (3, 8)):
        lay_out(tmp_path, {"landing/rows/a.csv": f"id,part\n1,{part}\n2,2\n4,{part}\n"})
        results = run(spark, tmp_path)

        assert [(one.status, one.write_key) for one in results.values()] == [
            ("success", f"sparkjobs/left:{number}"),
            ("success", f"sparkjobs/right:{number}"),
        ]
        for name in ("left", "right"):
            handle = DeltaTable(tmp_path / "warehouse" / name)
            newest = handle.history(1)[0]
            assert newest["operation"] == "MERGE"
            assert f'"job": "{name}", "manifest": {number},' in newest["userMetadata"]
            others = {"left", "right"} - {name}
            assert handle.transaction_version(f"sparkjobs/{name}") == number
            assert [handle.transaction_version(f"sparkjobs/{one}") for one in others] == [None]
            assert rows(spark, tmp_path / "warehouse" / name) == [(1, part), (2, 2), (3, 1), (4, part)]


def test_a_file_size_holds_for_its_own_job_alone(spark: SparkSession, tmp_path: Path) -> None:
    """`plain` runs while `sized` is in the midst of its write."""
    code = f"""
ROOT = Path({str(tmp_path)!r})
SIZE = "spark.sql.adaptive.advisoryPartitionSizeInBytes"

@job
def plain(rows: DataFrame) -> DataFrame:
    until((ROOT / "writing").exists)
    return rows.select("id", F.lit(rows.sparkSession.conf.get(SIZE)).alias("size"))

@job
def sized(more: DataFrame) -> DataFrame:
    root = str(ROOT)

    def late(word):
        import time
        from pathlib import Path
        Path(root, "writing").touch()
        for _ in range(3000):
            if Path(root, "warehouse/plain/_delta_log/00000000000000000000.json").exists():
                return word
            time.sleep(0.02)
        raise TimeoutError

    return more.select("id", F.udf(late)("word").alias("word"))
"""
    project(
        tmp_path,
        code,
        job("plain"),
        job("sized", "{more: {source: more}}", ", target_file_size: 1kB"),
    )
    size = spark.conf.get("spark.sql.adaptive.advisoryPartitionSizeInBytes")

    results = run(spark, tmp_path)

    assert [one.message for one in results.values()] == ["first run", "first run"]
    assert rows(spark, tmp_path / "warehouse/plain") == [(1, size), (2, size), (3, size)]
    assert rows(spark, tmp_path / "warehouse/sized") == [(1, "x"), (2, "y")]
    assert spark.conf.get("spark.sql.adaptive.advisoryPartitionSizeInBytes") == size


def test_what_two_jobs_read_at_once_is_opened_once_and_each_source_is_read_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    """The cached input is the left side of a join: its session decides who hears of what was observed."""
    code = """
@job
def left(rows: DataFrame, more: DataFrame) -> DataFrame:
    BOTH.wait(60)
    return rows.join(more, on="id", how="left").select("id", "part", "word")

@job
def right(rows: DataFrame) -> DataFrame:
    BOTH.wait(60)
    return rows
"""
    check = "checks:\n  - query: {sql: 'select * from {rows} where id not in (select id from {source})'}\n"
    project(
        tmp_path,
        code,
        job("left", "{rows: {source: rows}, more: {source: more}}"),
        job("right", "{source: {source: rows, for_checks: true}, rows: {source: rows}}", more=check),
    )
    lay_out(tmp_path, {"landing/more/a.csv": "id,word\n1,x\n2,y\n"})
    spark.catalog.clearCache()
    before = max((one.query for one in scans(log_of(spark))), default=-1)

    results = run(spark, tmp_path)

    assert [one.message for one in results.values()] == ["first run", "first run"]
    assert [(one.input, one.read, one.valid, one.quarantined) for one in results["left"].ledgers] == [
        ("rows", 4, 3, 1),
        ("more", 2, 2, 0),
    ]
    assert [one.status for one in results["right"].checks] == ["pass"]
    assert rows(spark, tmp_path / "warehouse/left") == [(1, 1, "x"), (2, 2, "y"), (3, 1, None)]
    landing = f"{tmp_path}/landing"
    found = [one for one in scans(log_of(spark)) if one.query > before and one.path.startswith(landing)]
    assert sorted((one.path.removeprefix(landing).split("/")[1], one.rows) for one in found) == [
        ("more", 3),
        ("rows", 5),
    ]
    assert spark._jsparkSession.sharedState().cacheManager().isEmpty()  # noqa: SLF001


def test_threads_that_open_an_input_at_once_get_the_same_one_each_in_its_session(
    spark: SparkSession, tmp_path: Path
) -> None:
    code = """
@job
def left(rows: DataFrame) -> DataFrame:
    return rows

@job
def right(rows: DataFrame) -> DataFrame:
    return rows
"""
    project(tmp_path, code, job("left"), job("right"))
    _, plan = planned(tmp_path)
    shelf = Shelf(spark, plan, MOMENT, apart=True)
    together = threading.Barrier(2)

    def opened(job: JobPlan) -> tuple[SparkSession, Opened]:
        own = shelf.session(job)
        together.wait(60)
        return own, shelf.open(own, job, job.inputs[0], None)

    with ThreadPoolExecutor(2) as pool:
        (first, left), (second, right) = pool.map(opened, plan.jobs)
    for one in plan.jobs:
        shelf.release(one)

    assert left.contracted is right.contracted
    assert left.frame.sparkSession is first
    assert right.frame.sparkSession is second
    assert first is not second
    assert spark._jsparkSession.sharedState().cacheManager().isEmpty()  # noqa: SLF001


def test_settings_that_a_job_changes_hold_for_its_frames_and_for_no_others(
    spark: SparkSession, tmp_path: Path
) -> None:
    code = """
ZONE = "spark.sql.session.timeZone"

def told(rows: DataFrame) -> DataFrame:
    return rows.select("id", F.timestamp_seconds(F.lit(0)).cast("string").alias("at"))

@job
def odd(rows: DataFrame) -> DataFrame:
    rows.sparkSession.conf.set(ZONE, "Asia/Tokyo")
    BOTH.wait(60)
    return told(rows)

@job
def plain(rows: DataFrame) -> DataFrame:
    BOTH.wait(60)
    return told(rows)
"""
    project(tmp_path, code, job("odd"), job("plain"))

    results = run(spark, tmp_path)

    assert [one.message for one in results.values()] == ["first run", "first run"]
    assert rows(spark, tmp_path / "warehouse/odd")[0] == (1, "1970-01-01 09:00:00")
    assert rows(spark, tmp_path / "warehouse/plain")[0] == (1, "1970-01-01 00:00:00")


def test_a_commit_under_way_is_finished_when_the_run_is_told_to_stop(
    spark: SparkSession, tmp_path: Path
) -> None:
    """SIGTERM comes in the first moment of the commit of `quick`, a MERGE; `slow` is in its write then."""
    code = """
WAREHOUSE = Path({warehouse!r})

@job
def quick(rows: DataFrame) -> DataFrame:
    if list(WAREHOUSE.glob("quick/_delta_log")):
        until(lambda: list(WAREHOUSE.glob("slow/*/_temporary")))
    return rows

@job
def slow(more: DataFrame) -> DataFrame:
    def slowly(word):
        import time
        time.sleep(20)
        return word

    return more.select("id", F.udf(slowly)("word").alias("word"))

@job
def reads(quick: DataFrame) -> DataFrame:
    return quick
""".format(warehouse=str(tmp_path / "warehouse"))
    project(
        tmp_path,
        code,
        job("quick", output=", mode: merge, keys: [id]"),
        job("slow", "{more: {source: more}}"),
        job("reads", "{quick: {ref: quick}}"),
    )
    conf, plan = planned(tmp_path, "quick")
    assert executed(spark, conf, plan).failed == ()
    lay_out(tmp_path, {"landing/rows/a.csv": "id,part\n1,7\n4,7\n"})
    ended: list[str | None] = []

    def emit(event: Event) -> None:
        if event.name == "job_ended":
            ended.append(event.job)
        if event.name == "step" and (event.job, event.facts["step"]) == ("quick", "commit"):
            os.kill(os.getpid(), signal.SIGTERM)

    conf, plan = planned(tmp_path)
    # a name of its own: what a stopped run would begin, this session never does
    orders = Orders(f"stopped-{tmp_path.name}", lambda: MOMENT, emit, threads=2)
    result = execute(lambda _: spark, conf, plan, orders)

    assert {one.job: (one.status, one.exit_code) for one in result.jobs} == {
        "quick": ("success", 143),
        "slow": ("error", 143),
        "reads": ("skipped", 143),
    }
    assert {one.job: one.message.splitlines()[0] for one in result.jobs if one.job != "quick"} == {
        "slow": "'slow': the run was told to stop (SIGTERM).",
        "reads": "stopped by SIGTERM",
    }
    assert ended[-1] == "reads"
    assert rows(spark, tmp_path / "warehouse/quick") == [(1, 7), (2, 2), (3, 1), (4, 7)]
    assert not (tmp_path / "warehouse/slow/_delta_log").exists()
    assert not list(tmp_path.glob("warehouse/slow/*/part-*"))  # it did not come to the end of its write


@pytest.mark.parametrize("threads", [1, 2])
def test_one_thread_and_two_make_the_same_tables(spark: SparkSession, tmp_path: Path, threads: int) -> None:
    code = """
@job
def first(rows: DataFrame) -> DataFrame:
    return rows.groupBy("part").agg(F.count("*").alias("count"))

@job
def second(rows: DataFrame, first: DataFrame) -> DataFrame:
    return rows.join(first, on="part", how="left").select("id", "count")
"""
    project(tmp_path, code, job("first"), job("second", "{rows: {source: rows}, first: {ref: first}}"))

    results = run(spark, tmp_path, threads)

    assert [(one.job, one.status) for one in results.values()] == [
        ("first", "success"),
        ("second", "success"),
    ]
    assert [(ledger.read, ledger.valid) for one in results.values() for ledger in one.ledgers] == [
        (4, 3),
        (4, 3),
        (2, 2),
    ]
    assert rows(spark, tmp_path / "warehouse/first") == [(1, 2), (2, 1)]
    assert rows(spark, tmp_path / "warehouse/second") == [(1, 2), (2, 1), (3, 2)]

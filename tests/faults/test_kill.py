"""SIGKILL of a real process at named points: readers keep the old version, the next run succeeds."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.projects import lay_out, process, rows, run, write_project

CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind", "part")
"""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, kind: string, part: int}
  bad_rows: {max_share: 0.5}
"""
OLD = [(1, "x", 1), (2, "x", 2)]
NEW = [(3, "y", 2), (4, "y", 3)]
COMMON = ["manifest.written", "staged", "quarantine.before", "commit.before"]
POINTS = [
    *[("delta", point, OLD) for point in COMMON],
    ("delta", "commit.after", NEW),
    *[("parquet", point, OLD) for point in COMMON],
    # from here on the journal holds the commit; readers may see a part of it until the next run
    *[("parquet", point, None) for point in ("journal.written", "journal.move.1", "journal.between")],
    *[("parquet", point, NEW) for point in ("journal.moved", "journal.recorded", "commit.after")],
]


def project(root: Path, table_format: str, code: str = CODE) -> None:
    job = f"""
    inputs: {{rows: {{source: rows}}}}
    output: {{format: {table_format}, path: "${{warehouse}}/events", partition_by: [part]}}
    """
    write_project(root, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})
    lay_out(root, {"landing/a.csv": "id,kind,part\n1,x,1\n2,x,2\n"})


@pytest.mark.parametrize(("table_format", "point", "seen"), POINTS)
def test_a_run_killed_at(
    spark: SparkSession, tmp_path: Path, table_format: str, point: str, seen: list[tuple[object, ...]] | None
) -> None:
    project(tmp_path, table_format)
    table = tmp_path / "warehouse/events"
    run(spark, tmp_path)
    lay_out(tmp_path, {"landing/a.csv": "id,kind,part\n3,y,2\n4,y,3\nbad,y,3\n"})

    killed = process(tmp_path, "run", kill_at=point)
    _, errors = killed.communicate(timeout=120)

    assert killed.returncode == -signal.SIGKILL, errors
    if seen is not None:
        assert rows(spark, table) == seen
    result = run(spark, tmp_path)["events"]
    assert result.status == ("success" if seen is OLD else "no-op")
    assert rows(spark, table) == NEW
    assert run(spark, tmp_path)["events"].status == "no-op"
    quarantined = list((table / "_sparkjobs/quarantine/2").rglob("*.json.gz"))
    assert len(quarantined) == 1
    assert not (table / "_sparkjobs/journal.json").exists()


@pytest.mark.parametrize("table_format", ["delta", "parquet"])
def test_a_run_killed_while_it_stages(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    slow = CODE.replace('"kind"', 'F.udf(slowly)("kind").alias("kind")') + (
        "\ndef slowly(kind: str) -> str:\n    import time\n    time.sleep(0.05)\n    return kind\n"
    )
    project(tmp_path, table_format)
    table = tmp_path / "warehouse/events"
    run(spark, tmp_path)
    project(tmp_path, table_format, slow)
    lay_out(
        tmp_path, {"landing/a.csv": "id,kind,part\n" + "".join(f"{one},y,{one % 2}\n" for one in range(300))}
    )

    with process(tmp_path, "run") as killed:
        deadline = time.monotonic() + 120
        while not list(table.rglob("_temporary")):
            assert killed.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        killed.kill()

    assert rows(spark, table) == OLD
    project(tmp_path, table_format)
    lay_out(tmp_path, {"landing/a.csv": "id,kind,part\n3,y,2\n4,y,3\n"})
    assert run(spark, tmp_path)["events"].status == "success"
    assert rows(spark, table) == NEW
    assert not list(table.rglob("_temporary"))


def test_the_second_of_two_runs_at_once_stops_with_exit_code_10(spark: SparkSession, tmp_path: Path) -> None:
    project(tmp_path, "delta")
    holder = (
        "import sys; from pathlib import Path; from sparkjobs.state import locked\n"
        f"with locked('events', Path('{tmp_path}/warehouse/events/_sparkjobs'), 'first'):\n"
        "    print('held', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, "-c", holder], stdin=-1, stdout=-1, text=True) as first:
        assert first.stdout is not None
        first.stdout.readline()
        second = process(tmp_path, "run")
        _, errors = second.communicate(timeout=120)
        first.communicate("")
    assert second.returncode == 10
    assert "is being written by run first" in errors
    assert run(spark, tmp_path)["events"].status == "success"

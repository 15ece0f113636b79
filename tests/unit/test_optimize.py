"""When a table is compacted and which of its files are; without Spark."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from sparkjobs.config import Output, PlainOutput
from sparkjobs.errors import TransientError
from sparkjobs.optimize import Optimized
from sparkjobs.plan import TableInput
from sparkjobs.publish import Attempt, due, extent, files_of, small
from sparkjobs.publish.compact import _bins
from sparkjobs.results import Extent
from sparkjobs.shelf import steady
from sparkjobs.state import locked, state_folder
from sparkjobs.state.durable import write_json
from sparkjobs.stop import Stopped
from sparkjobs.terminal import optimized_table
from tests.unit.projects import (
    DAILY,
    delta_commit,
    plan_of,
    project,
    publish_as_a_run_would,
    published,
    write,
)
from tests.unit.test_cli import sparkjobs

MB = 1024**2


def attempt(table: Path, table_format: str, number: int) -> Attempt:
    return Attempt("daily", table, table_format, number, "run", "0")


def output(size: str | None = None) -> Output:
    return PlainOutput(format="parquet", path="/nowhere", mode="append", target_file_size=size)


def test_a_delta_table_is_due_once_so_many_commits_came_since_the_last_compaction(tmp_path: Path) -> None:
    told = []
    for number in range(1, 8):
        delta_commit(tmp_path, "daily", number)
        told.append(due(attempt(tmp_path, "delta", number), 3))
        if number == 4:
            DeltaTable(tmp_path).optimize.compact()

    assert told == [False, False, True, True, False, False, True]


def test_a_delta_table_whose_older_log_is_gone_is_due_by_its_version(tmp_path: Path) -> None:
    for number in range(1, 5):
        delta_commit(tmp_path, "daily", number)
    DeltaTable(tmp_path).create_checkpoint()
    for gone in (0, 1, 2):
        (tmp_path / "_delta_log" / f"{gone:020}.json").unlink()

    assert due(attempt(tmp_path, "delta", 4), 3)
    assert not due(attempt(tmp_path, "delta", 4), 5)


@pytest.mark.parametrize(
    ("number", "compacted", "expected"),
    [(2, None, False), (3, None, True), (5, "3-0a1b2c3d", False), (6, "3-0a1b2c3d", True)],
)
def test_a_parquet_table_is_due_by_the_number_at_which_it_was_compacted(
    tmp_path: Path, number: int, compacted: str | None, *, expected: bool
) -> None:
    commit = {"number": number, "compacted": compacted}
    write_json(tmp_path / "_sparkjobs/committed.json", {"commit": commit})

    assert due(attempt(tmp_path, "parquet", number), 3) == expected


def test_a_parquet_table_that_an_older_version_wrote_was_never_compacted(tmp_path: Path) -> None:
    write_json(tmp_path / "_sparkjobs/committed.json", {"commit": {"number": 3}})

    assert due(attempt(tmp_path, "parquet", 3), 3)


def test_several_files_below_half_of_the_wanted_size_are_worth_it() -> None:
    files = {
        "a": {"a/1": 64 * MB - 1, "a/2": 5, "a/3": 64 * MB},
        "b": {"b/1": 1, "b/2": 64 * MB},
        "c": {},
    }

    assert small(files, output()) == {"a": {"a/1": 64 * MB - 1, "a/2": 5}}
    assert small(files, output("2kB")) == {}
    assert small({"a": {"a/1": 1023, "a/2": 5, "a/3": 1024}}, output("2kB")) == {"a": {"a/1": 1023, "a/2": 5}}
    assert extent(files) == Extent(5, 3 * 64 * MB + 5)


def test_files_without_a_byte_are_put_into_bins_too() -> None:
    assert _bins({"a": 0, "b": 0, "c": 5, "d": 6}, 8) == [("a", "b", "c")]


def test_files_are_told_by_partition(tmp_path: Path) -> None:
    rows = pa.table({"i": [1, 2, 3], "p": ["a/b", None, "a/b"]})
    for part in (rows.slice(0, 2), rows.slice(2)):
        write_deltalake(tmp_path / "delta", part, mode="append", partition_by=["p"])
    write_deltalake(tmp_path / "whole", rows)
    for path in ("p=a%2Fb/1", "p=a%2Fb/2", "p=x/3", "_sparkjobs/staging/x/p=x/4"):
        file = tmp_path / "parquet" / f"{path}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(rows, file)

    delta = files_of(tmp_path / "delta", "delta")
    assert {place: len(of) for place, of in delta.items()} == {"{'p': 'a/b'}": 2, "{'p': None}": 1}
    assert [len(of) for of in files_of(tmp_path / "whole", "delta").values()] == [1]
    parquet = files_of(tmp_path / "parquet", "parquet")
    assert {place: sorted(of) for place, of in parquet.items()} == {
        "p=a%2Fb": ["p=a%2Fb/1.parquet", "p=a%2Fb/2.parquet"],
        "p=x": ["p=x/3.parquet"],
    }
    size = (tmp_path / "parquet/p=x/3.parquet").stat().st_size
    assert extent(parquet) == Extent(3, 3 * size)


def test_the_verb_tells_of_each_table_and_starts_no_jvm_where_nothing_is_to_be_done(tmp_path: Path) -> None:
    code = "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least):\n    return sales\n\n\n@job\ndef weekly(days):\n    return days\n"
    weekly = "inputs: {days: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
    project(tmp_path, {"conf/jobs/weekly.yml": weekly}, code)
    daily = plan_of(tmp_path).jobs[0]
    publish_as_a_run_would(daily)

    done = sparkjobs("optimize", "--project", str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["job", "files", "size"],
        ["daily", "1", "0.0", "MB", "nothing", "to", "put", "together"],
        ["weekly", "never", "published"],
    ]
    assert done.stderr.endswith("JVM False\n")
    assert not (tmp_path / "warehouse/weekly").exists()
    (tmp_path / "warehouse/daily/part-1.parquet").unlink()
    empty = sparkjobs("optimize", "daily", "--project", str(tmp_path)).stdout.splitlines()[1]
    assert empty.split() == ["daily", "0", "0.0", "MB", "nothing", "to", "put", "together"]


def test_files_and_bytes_are_told_before_and_after() -> None:
    told = optimized_table([Optimized("daily", Extent(1_212, 5_400_000), Extent(3, 4_250_000))])

    assert told.splitlines()[1].split() == ["daily", "1,212", "→", "3", "5.4", "→", "4.2", "MB"]


def test_the_verb_finishes_a_commit_that_was_interrupted(tmp_path: Path) -> None:
    daily = DAILY.replace("{format", "{target_file_size: 1kB, format")
    table = published(tmp_path, {"conf/jobs/daily.yml": daily}) / "warehouse/daily"
    state = table / "_sparkjobs"
    commit = {"number": 1}
    write(table, {"_sparkjobs/staging/1-x/data/part-2.parquet": "y" * 512})
    move = {"target": "part-2.parquet", "staged": "_sparkjobs/staging/1-x/data/part-2.parquet"}
    write_json(state / "journal.json", {"commit": commit, "moves": [move]})

    done = sparkjobs("optimize", "daily", "--project", str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert not (state / "journal.json").exists()
    assert sorted(path.name for path in table.glob("*.parquet")) == ["part-1.parquet", "part-2.parquet"]


def test_a_table_that_is_being_written_ends_with_10(tmp_path: Path) -> None:
    table = published(tmp_path) / "warehouse/daily"

    with locked("daily", state_folder(table), "other"):
        done = sparkjobs("optimize", "--project", str(tmp_path))

    assert done.returncode == 10
    assert "is being written by run other" in done.stderr
    assert done.stdout == ""


def test_a_table_that_is_not_as_its_state_says_ends_with_the_error_of_a_run(tmp_path: Path) -> None:
    table = published(tmp_path) / "warehouse/daily"
    (table / "part-1.parquet").unlink()
    manifest = table / "_sparkjobs/manifests/1.json"

    def told() -> str:
        done = sparkjobs("optimize", "--project", str(tmp_path))
        assert done.returncode == 1
        assert (
            sparkjobs("run", "--project", str(tmp_path)).stderr.splitlines()[0] == done.stderr.splitlines()[0]
        )
        return done.stderr.splitlines()[0]

    write_json(table / "_sparkjobs/committed.json", {"commit": {"number": 1, "rows": 1}})
    assert told() == f"'daily': manifest 1 was published to {table}, where no table is any more."
    write(table, {"part-1.parquet": "x"})
    manifest.rename(manifest.with_name("gone"))
    assert "is committed, but not in its _sparkjobs/manifests/" in told()
    write(table, {"_sparkjobs/manifests/1.json": "{"})
    assert "is not as sparkjobs wrote it" in told()
    write_json(table / "_sparkjobs/table.json", {"job": "other", "format": "parquet"})
    assert "it belongs to job 'other'" in told()


def test_no_table_is_touched_where_a_later_one_is_not_as_its_state_says(tmp_path: Path) -> None:
    code = "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least):\n    return sales\n\n\n@job\ndef weekly(days):\n    return days\n"
    weekly = "inputs: {days: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
    published(tmp_path, {"conf/jobs/weekly.yml": weekly}, code)
    (tmp_path / "warehouse/weekly/_sparkjobs/manifests/1.json").unlink()

    done = sparkjobs("optimize", "--project", str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.startswith("'weekly': manifest 1 of ")
    assert done.stdout == ""


def test_a_swap_that_was_finished_while_files_were_listed_is_seen_too(tmp_path: Path) -> None:
    committed = tmp_path / "events/_sparkjobs/committed.json"
    write_json(committed, {"commit": {"number": 3}})
    one = TableInput("rows", "events", "parquet", tmp_path / "events", 3, cached=False)
    (job,) = plan_of(project(tmp_path / "p")).jobs

    with pytest.raises(TransientError, match="moved while they were listed"), steady(job, one):
        write_json(committed, {"commit": {"number": 3, "compacted": "3-0a"}})
    with steady(job, one):
        pass


@pytest.mark.parametrize(
    ("error", "moved", "told"),
    [
        (FileNotFoundError, True, TransientError),
        (FileNotFoundError, False, FileNotFoundError),
        (Stopped, True, Stopped),
    ],
)
def test_a_swap_explains_why_files_could_not_be_listed_and_hides_no_signal(
    tmp_path: Path, error: type[BaseException], told: type[BaseException], *, moved: bool
) -> None:
    committed = tmp_path / "events/_sparkjobs/committed.json"
    write_json(committed, {"commit": {"number": 3}})
    one = TableInput("rows", "events", "parquet", tmp_path / "events", 3, cached=False)
    (job,) = plan_of(project(tmp_path / "p")).jobs

    def listed() -> None:
        with steady(job, one):
            if moved:
                write_json(committed, {"commit": {"number": 3, "compacted": "3-0a"}})
            raise error

    with pytest.raises(told):
        listed()

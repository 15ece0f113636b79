"""What a table says of itself, and of whose it is."""

from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from sparkjobs.errors import DamagedStateError, ForeignTableError
from sparkjobs.state import (
    Manifest,
    Outcome,
    begin,
    claim,
    look,
    read_outcome,
    remember,
    state_folder,
    write_outcome,
)
from sparkjobs.state.durable import write_json
from sparkjobs.state.journal import Move, publish
from sparkjobs.state.table import data_files
from tests.unit.projects import delta_commit, write

WANTED = Manifest("daily", 0, 0, "run-1", "code", "conf", ())


def _committed(table: Path) -> Manifest:
    """`table` as a Parquet table of job daily after one commit."""
    claim("daily", table, "parquet")
    manifest = begin(state_folder(table), WANTED)
    write(table, {"part-0.parquet": "x"})
    write_json(state_folder(table) / "committed.json", {"commit": {"number": manifest.number}})
    return manifest


@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_table_that_is_not_there_yet_stands_at_0(tmp_path: Path, table_format: str) -> None:
    state = look("daily", tmp_path / "t", table_format)

    assert (state.committed, state.version, state.manifest) == (0, None, None)
    assert not (tmp_path / "t").exists()


def test_a_committed_table_tells_its_number_and_manifest(tmp_path: Path) -> None:
    manifest = _committed(tmp_path)

    state = look("daily", tmp_path, "parquet")

    assert (state.committed, state.version, state.manifest) == (1, 1, manifest)


def test_a_manifest_without_commit_is_not_in_force(tmp_path: Path) -> None:
    claim("daily", tmp_path, "parquet")
    begin(state_folder(tmp_path), WANTED)

    assert look("daily", tmp_path, "parquet").manifest is None


def test_a_journal_is_a_commit_whose_moves_are_not_made_yet(tmp_path: Path) -> None:
    _committed(tmp_path)
    begin(state_folder(tmp_path), Manifest("daily", 0, 1, "run-2", "code", "conf", ()))
    write_json(state_folder(tmp_path) / "journal.json", {"commit": {"number": 2}, "moves": []})

    assert look("daily", tmp_path, "parquet").committed == 2


def test_a_claim_is_made_once(tmp_path: Path) -> None:
    claim("daily", tmp_path, "parquet")
    claim("weekly", tmp_path, "delta")

    assert look("daily", tmp_path, "parquet").committed == 0


def test_a_folder_with_nothing_but_a_lock_is_free(tmp_path: Path) -> None:
    write(tmp_path, {"_sparkjobs/lock": ""})

    assert look("daily", tmp_path, "parquet").committed == 0


@pytest.mark.parametrize(
    "name", ["part-0.parquet", "notes.txt", "month=1/part-0.parquet", "_SUCCESS", ".hidden"]
)
@pytest.mark.parametrize("table_format", ["parquet", "delta"])
def test_a_folder_that_holds_anything_else_is_foreign(tmp_path: Path, name: str, table_format: str) -> None:
    write(tmp_path, {name: "x"})

    with pytest.raises(ForeignTableError, match="it was not made by sparkjobs"):
        look("daily", tmp_path, table_format)


def test_a_file_in_the_place_of_a_table_is_foreign(tmp_path: Path) -> None:
    write(tmp_path, {"t": "x"})

    with pytest.raises(ForeignTableError, match="it was not made by sparkjobs"):
        look("daily", tmp_path / "t", "parquet")


def test_a_table_of_another_job_is_foreign(tmp_path: Path) -> None:
    _committed(tmp_path)

    with pytest.raises(ForeignTableError, match="it belongs to job 'daily'"):
        look("weekly", tmp_path, "parquet")


def test_a_table_of_another_format_is_foreign(tmp_path: Path) -> None:
    _committed(tmp_path)

    with pytest.raises(ForeignTableError, match="it is a parquet table, its conf says delta"):
        look("daily", tmp_path, "delta")


def test_data_whose_commit_is_lost_is_not_taken_for_an_empty_table(tmp_path: Path) -> None:
    _committed(tmp_path)
    (state_folder(tmp_path) / "committed.json").unlink()

    with pytest.raises(ForeignTableError, match="it holds data, and no record of a commit of this job"):
        look("daily", tmp_path, "parquet")


@pytest.mark.parametrize("name", ["table.json", "committed.json", "journal.json"])
def test_a_torn_state_file_is_not_taken_for_a_missing_one(tmp_path: Path, name: str) -> None:
    _committed(tmp_path)
    (state_folder(tmp_path) / name).write_text("")

    with pytest.raises(DamagedStateError):
        look("daily", tmp_path, "parquet")


def test_a_delta_table_tells_the_number_that_its_log_carries(tmp_path: Path) -> None:
    claim("daily", tmp_path, "delta")
    manifest = begin(state_folder(tmp_path), WANTED)
    delta_commit(tmp_path, "daily", 1)
    DeltaTable(tmp_path).alter.set_table_description("sold per day")

    state = look("daily", tmp_path, "delta")

    assert (state.committed, state.version, state.manifest, state.foreign) == (1, 1, manifest, None)


def test_a_first_delta_commit_that_was_killed_left_nothing(tmp_path: Path) -> None:
    claim("daily", tmp_path, "delta")
    (tmp_path / "_delta_log").mkdir()

    state = look("daily", tmp_path, "delta")

    assert (state.committed, state.version) == (0, None)


def test_a_delta_log_without_a_commit_of_the_job_is_foreign(tmp_path: Path) -> None:
    claim("daily", tmp_path, "delta")
    delta_commit(tmp_path, "weekly", 1)

    with pytest.raises(ForeignTableError, match="no record of a commit of this job"):
        look("daily", tmp_path, "delta")


def test_files_that_a_killed_first_run_staged_in_a_delta_table_are_no_data(tmp_path: Path) -> None:
    claim("daily", tmp_path, "delta")
    write(tmp_path, {"run=1-ab/part-0.parquet": "x"})

    assert look("daily", tmp_path, "delta").version is None


OLD = {"month=1/day=1/part-0.parquet": "1", "month=1/day=2/part-0.parquet": "2"}


def _published(table: Path, moves: tuple[Move, ...] = (), number: int = 1, rows: int = 2) -> None:
    """One more Parquet commit of job daily; the first finds the rows of OLD where they will be."""
    if number == 1:
        claim("daily", table, "parquet")
        write(table, OLD)
    publish(table, moves, {"number": number, "rows": rows})


def _without_files(table: Path) -> None:
    for path in table.rglob("*.parquet"):
        path.unlink()


def _without_folders(table: Path) -> None:
    _without_files(table)
    for name in ("month=1/day=1", "month=1/day=2", "month=1"):
        (table / name).rmdir()


@pytest.mark.parametrize("vanish", [_without_files, _without_folders])
def test_a_table_whose_rows_vanish_is_lost_even_after_a_commit_that_added_none(
    tmp_path: Path, vanish: Callable[[Path], None]
) -> None:
    _published(tmp_path)
    _published(tmp_path, number=2, rows=0)
    there = look("daily", tmp_path, "parquet").lost
    vanish(tmp_path)

    assert there is None
    assert look("daily", tmp_path, "parquet").lost == 2


def test_a_table_that_a_commit_has_emptied_is_not_lost(tmp_path: Path) -> None:
    _published(tmp_path)
    _published(tmp_path, (Move("month=1/day=1", None),), 2, 0)
    assert look("daily", tmp_path, "parquet").lost is None
    _published(tmp_path, (Move("month=1/day=2", None),), 3, 0)
    assert look("daily", tmp_path, "parquet").lost is None

    (tmp_path / "month=1").rmdir()

    assert look("daily", tmp_path, "parquet").lost is None


def test_a_commit_of_before_such_things_were_written_down_tells_by_its_rows(tmp_path: Path) -> None:
    claim("daily", tmp_path, "parquet")
    write_json(state_folder(tmp_path) / "committed.json", {"commit": {"number": 1, "rows": 2}})

    assert look("daily", tmp_path, "parquet").lost == 1

    write_json(state_folder(tmp_path) / "committed.json", {"commit": {"number": 1, "rows": 0}})

    assert look("daily", tmp_path, "parquet").lost is None


def test_a_delta_table_whose_log_vanishes_is_lost_whatever_its_last_commit_did(tmp_path: Path) -> None:
    claim("daily", tmp_path, "delta")
    remember(tmp_path, 4)

    assert look("daily", tmp_path, "delta").lost == 4


def test_an_outcome_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_outcome(tmp_path, 1, Outcome("7", "2013-01-01", unseen=True))

    assert read_outcome(tmp_path, 1) == Outcome("7", "2013-01-01", unseen=True)


def test_before_the_first_commit_nothing_has_come_about(tmp_path: Path) -> None:
    assert read_outcome(tmp_path, 0) == Outcome(None, None, unseen=False)


def test_an_outcome_that_is_gone_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(DamagedStateError, match=r"outcomes/3\.json is not as sparkjobs wrote it: it is gone"):
        read_outcome(tmp_path, 3)


def test_only_what_readers_look_at_is_a_data_file(tmp_path: Path) -> None:
    seen = ["_day=1/part-0.parquet", "day=1/part-1.parquet", "part-2.parquet", "x=a.parquet/part-9.parquet"]
    unseen = [
        ".part-3.parquet",
        "day=1/.part-4.parquet",
        "day=1/_temporary/part-5.parquet",
        "_old/part-6.parquet",
        ".x=1/part-8.parquet",
        "x=1._COPYING_/part-10.parquet",
    ]
    write(tmp_path, dict.fromkeys([*seen, *unseen, "_sparkjobs/part-7.parquet"], "x"))

    assert sorted(str(path.relative_to(tmp_path)) for path in data_files(tmp_path)) == seen

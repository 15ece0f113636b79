"""What a table says of itself, and of whose it is."""

from pathlib import Path

import pytest
from deltalake import DeltaTable

from sparkjobs.errors import DamagedStateError, ForeignTableError
from sparkjobs.state import Manifest, begin, claim, look, state_folder
from sparkjobs.state.durable import write_json
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

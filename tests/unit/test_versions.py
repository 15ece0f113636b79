"""What the log of a Delta table tells of the rows that came between two versions."""

from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from sparkjobs.plan.versions import Changes, by_columns, changes, only_compacted


def append(table: Path, *rows: tuple[int, str]) -> None:
    data = pa.table({"i": [number for number, _ in rows], "p": [part for _, part in rows]})
    write_deltalake(table, data, mode="append", partition_by=["p"])


def counted(found: Changes) -> list[tuple[int | None, tuple[tuple[str, str | None], ...]]]:
    return sorted((one.rows, one.partition) for one in found.added)


def test_the_files_that_appends_have_added(tmp_path: Path) -> None:
    append(tmp_path, (1, "a"))
    append(tmp_path, (2, "a"), (3, "b"), (4, "b"))
    append(tmp_path, (5, "c"))

    found = changes(tmp_path, 0, 1)

    assert counted(found) == [(1, (("p", "a"),)), (2, (("p", "b"),))]
    assert (found.rewritten, found.untold) == (None, None)
    assert len(changes(tmp_path, 0, 2).added) == 3
    assert changes(tmp_path, 2, 2) == Changes((), None, frozenset())


def test_a_compaction_changes_no_row(tmp_path: Path) -> None:
    append(tmp_path, (1, "a"))
    append(tmp_path, (2, "a"))
    DeltaTable(tmp_path).optimize.compact()

    assert counted(changes(tmp_path, 0, 2)) == [(1, (("p", "a"),))]
    assert changes(tmp_path, 1, 2) == Changes((), None, frozenset())


def test_rows_that_came_and_went_between_the_versions_are_not_told(tmp_path: Path) -> None:
    append(tmp_path, (1, "a"))
    append(tmp_path, (2, "b"))
    append(tmp_path, (3, "c"))
    DeltaTable(tmp_path).delete("p = 'b'")

    found = changes(tmp_path, 0, 3)

    assert counted(found) == [(1, (("p", "c"),))]
    assert found.rewritten is None
    assert changes(tmp_path, 2, 3).rewritten == "version 3 removed or changed some of them"


def test_a_row_that_was_changed_in_place_is_told(tmp_path: Path) -> None:
    append(tmp_path, (1, "a"))
    DeltaTable(tmp_path).update(updates={"i": "9"})

    found = changes(tmp_path, 0, 1)

    assert found.rewritten == "version 1 removed or changed some of them"
    assert found.touched == {(("p", "a"),)}


def test_a_log_that_was_cleaned_up_or_went_back_tells_nothing(tmp_path: Path) -> None:
    append(tmp_path, (1, "a"))
    append(tmp_path, (2, "a"))
    (tmp_path / "_delta_log" / f"{1:020}.json").unlink()

    assert changes(tmp_path, 0, 1).untold == "the log of version 1 is gone"
    assert changes(tmp_path, 4, 1).untold == "the table went back from version 4 to 1"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (("m",), {(("m", "1"),), (("m", None),)}),
        (("d", "m"), {(("d", "1"), ("m", "1")), (("d", "2"), ("m", "1")), (("d", "1"), ("m", None))}),
        (("x",), None),
    ],
)
def test_touched_partitions_by_some_of_their_columns(columns: tuple[str, ...], found: object) -> None:
    touched = frozenset({(("d", "1"), ("m", "1")), (("d", "2"), ("m", "1")), (("d", "1"), ("m", None))})

    assert by_columns(touched, columns) == found


def test_only_compactions_between_two_versions_are_told_from_anything_else(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        append(tmp_path, (number, "a"))
    DeltaTable(tmp_path).optimize.compact()
    DeltaTable(tmp_path).optimize.z_order(["i"])
    append(tmp_path, (4, "a"))

    told = {(after, to) for after in range(6) for to in range(6) if only_compacted(tmp_path, after, to)}

    assert told == {(2, 3), (2, 4), (3, 4)}
    (tmp_path / "_delta_log" / f"{3:020}.json").unlink()
    assert not only_compacted(tmp_path, 2, 4)

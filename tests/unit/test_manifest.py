"""Manifests: written once, taken up again, never edited."""

from dataclasses import replace
from pathlib import Path

import pytest

from sparkjobs.errors import DamagedStateError, LostManifestError
from sparkjobs.state import Manifest, begin
from sparkjobs.state.durable import read_json, write_json
from sparkjobs.state.manifest import committed_chain, latest_number, read


def _latest(folder: Path) -> Manifest | None:
    return read(folder, latest_number(folder))


WANTED = Manifest(
    "daily", 0, 0, "run-1", "code-1", "conf-1", ({"name": "sales", "files": [["a.csv", 1, 2]]},)
)


def test_the_first_manifest_has_number_1_and_is_read_back(tmp_path: Path) -> None:
    written = begin(tmp_path, WANTED)

    assert written == replace(WANTED, number=1)
    assert read(tmp_path, 1) == written
    assert _latest(tmp_path) == written


def test_the_same_work_left_unfinished_is_taken_up(tmp_path: Path) -> None:
    first = begin(tmp_path, WANTED)

    again = begin(tmp_path, replace(WANTED, run_id="run-2"))

    assert again == first
    assert sorted(path.name for path in (tmp_path / "manifests").iterdir()) == ["1.json"]


@pytest.mark.parametrize(
    "other",
    [
        replace(WANTED, code="code-2"),
        replace(WANTED, conf="conf-2"),
        replace(WANTED, inputs=({"name": "sales", "files": [["a.csv", 1, 3]]},)),
        replace(WANTED, inputs=()),
        replace(WANTED, mode="append"),
    ],
)
def test_other_work_gets_the_next_number_and_the_old_manifest_stays(tmp_path: Path, other: Manifest) -> None:
    first = begin(tmp_path, WANTED)

    second = begin(tmp_path, other)

    assert second.number == 2
    assert read(tmp_path, 1) == first


def test_committed_work_is_never_taken_up_again(tmp_path: Path) -> None:
    begin(tmp_path, WANTED)

    assert begin(tmp_path, replace(WANTED, base=1)).number == 2


def test_a_lost_manifest_folder_does_not_use_a_committed_number_again(tmp_path: Path) -> None:
    assert begin(tmp_path, replace(WANTED, base=7)).number == 8


def test_numbers_are_compared_as_numbers(tmp_path: Path) -> None:
    for base in range(10):
        begin(tmp_path, replace(WANTED, base=base))

    newest = _latest(tmp_path)

    assert newest is not None
    assert newest.number == 10


def test_the_chain_goes_from_the_committed_back_to_the_first(tmp_path: Path) -> None:
    begin(tmp_path, WANTED)
    begin(tmp_path, replace(WANTED, code="abandoned"))
    begin(tmp_path, replace(WANTED, base=1))

    assert [manifest.number for manifest in committed_chain(tmp_path, 3)] == [3, 1]


def test_the_chain_ends_where_the_table_was_replaced(tmp_path: Path) -> None:
    begin(tmp_path, WANTED)
    begin(tmp_path, replace(WANTED, base=1, mode="overwrite"))
    begin(tmp_path, replace(WANTED, base=2, mode="append"))

    assert [manifest.number for manifest in committed_chain(tmp_path, 3)] == [3, 2]


def _three(folder: Path) -> None:
    for base in range(3):
        begin(folder, replace(WANTED, base=base, mode="merge"))


@pytest.mark.parametrize("lost", [1, 2])
def test_a_manifest_that_the_chain_lacks_is_named(tmp_path: Path, lost: int) -> None:
    folder = tmp_path / "daily/_sparkjobs"
    _three(folder)
    (folder / f"manifests/{lost}.json").unlink()

    with pytest.raises(LostManifestError) as caught:
        tuple(committed_chain(folder, 3))

    assert (caught.value.job, caught.value.number) == ("daily", lost)
    assert caught.value.path == str(tmp_path / "daily")


def test_the_chain_lacks_nothing_that_was_replaced_before_it(tmp_path: Path) -> None:
    _three(tmp_path)
    begin(tmp_path, replace(WANTED, base=3, mode="overwrite"))
    for number in (1, 2, 3):
        (tmp_path / f"manifests/{number}.json").unlink()

    assert [manifest.number for manifest in committed_chain(tmp_path, 4)] == [4]


def test_the_chain_of_an_adopted_table_lacks_nothing_that_was_never_there(tmp_path: Path) -> None:
    adopted = begin(tmp_path, replace(WANTED, mode="adopt"), above=5)

    assert [manifest.number for manifest in committed_chain(tmp_path, adopted.number)] == [6]


def test_nothing_committed_is_an_empty_chain(tmp_path: Path) -> None:
    assert tuple(committed_chain(tmp_path, 0)) == ()


def test_a_manifest_without_a_mode_is_read(tmp_path: Path) -> None:
    begin(tmp_path, WANTED)
    path = tmp_path / "manifests/1.json"
    write_json(path, {name: value for name, value in read_json(path).items() if name != "mode"})  # type: ignore[union-attr]  # it is there

    assert read(tmp_path, 1) == replace(WANTED, number=1)


def test_what_a_killed_write_left_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / ".1.json.4711.tmp").write_text('{"job"')

    assert _latest(tmp_path) is None
    assert begin(tmp_path, WANTED).number == 1


@pytest.mark.parametrize("text", ["", "{", '{"a": 1', "\x00\x00"])
def test_a_torn_state_file_is_named(tmp_path: Path, text: str) -> None:
    begin(tmp_path, WANTED)
    (tmp_path / "manifests" / "1.json").write_text(text)

    with pytest.raises(DamagedStateError) as caught:
        read(tmp_path, 1)

    assert str(caught.value).startswith(f"{tmp_path}/manifests/1.json is not as sparkjobs wrote it: ")


def test_json_comes_back_as_it_was_written_whatever_stood_there(tmp_path: Path) -> None:
    content = {"ä": [1, 2.5, None, True, "\x00\n"], "big": 2**70}
    (tmp_path / "x.json").write_text("old")

    write_json(tmp_path / "x.json", content)

    assert read_json(tmp_path / "x.json") == content
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_a_file_that_is_not_there_reads_as_none(tmp_path: Path) -> None:
    assert read_json(tmp_path / "x.json") is None

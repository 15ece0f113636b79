"""Which folders of a Parquet table are partitions of it."""

from pathlib import Path

from sparkjobs.publish.partitions import folders
from sparkjobs.results import Staged
from tests.unit.projects import write


def test_only_folders_that_readers_see_are_partitions(tmp_path: Path) -> None:
    names = ["Day=1/a=b", "day=2/a=__HIVE_DEFAULT_PARTITION__", "._day=3/a=b", ".day=4/a=b", "week=5/a=b"]
    write(tmp_path, {f"{name}/part-0.parquet": "x" for name in (*names, "day=6/a=x._COPYING_", "day=7/.a=b")})
    write(tmp_path, {"day=8/a=file": "x"})

    found = dict(folders(tmp_path, Staged(tmp_path / "staged", "{}", ("day", "a"), (), ())))

    assert found == {
        (("day", "1"), ("a", "b")): Path("Day=1/a=b"),
        (("day", "2"), ("a", None)): Path("day=2/a=__HIVE_DEFAULT_PARTITION__"),
    }

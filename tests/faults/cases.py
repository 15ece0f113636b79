"""One tiny project per mode, three inputs one after the other, and the rows after each, written down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.projects import lay_out, write_project

Row = tuple[object, ...]

FORMATS: Final = ("delta", "parquet")
CODE = """
@job
def events(rows: DataFrame) -> DataFrame:
    return rows.select("id", "kind", "part", "at")
"""
SLOW = """
@job
def events(rows: DataFrame) -> DataFrame:
    def slowly(kind):
        import time
        time.sleep(0.5)
        return kind

    return rows.select("id", F.udf(slowly)("kind").alias("kind"), "part", "at")
"""
"""The same rows, half a second for each."""
SOURCES = """
rows:
  format: csv
  path: ${landing}/*.csv
  columns: {id: int, kind: string, part: int, at: int}
  bad_rows: {max_share: 0.5}
"""
JOB = """
inputs: {{rows: {{source: rows}}}}
output:
  format: {format}
  path: "${{warehouse}}/events"
  partition_by: [part]
  mode: {mode}
{more}
"""
BY_FILES = "incremental: {by: files}"
COLUMNS = ("id", "kind", "part", "at", "valid_from", "valid_to", "is_current")
"""The order in which rows are written down here; only a history has all of them."""
HEAD = "id,kind,part,at\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A mode, and what its table holds after each of three inputs; the second has one bad line."""

    mode: str
    more: str
    """What its conf says besides."""
    files: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
    """Name and lines of the file that comes each time."""
    first: tuple[Row, ...]
    second: tuple[Row, ...]
    third: tuple[Row, ...]
    moves: int
    """How many moves the second commit to a Parquet table makes."""
    ledger: tuple[int, int, int]
    """Lines read, valid and quarantined by the second run."""

    @property
    def compares(self) -> bool:
        """Whether the result is compared with the table first."""
        return self.mode in ("merge", "scd2")


APPEND = Case(
    "append",
    BY_FILES,
    (("a", "1,x,1,10\n2,x,2,10\n"), ("b", "3,y,2,20\n4,y,3,20\nbad,y,3,20\n"), ("c", "5,z,1,30\n")),
    ((1, "x", 1, 10), (2, "x", 2, 10)),
    ((1, "x", 1, 10), (2, "x", 2, 10), (3, "y", 2, 20), (4, "y", 3, 20)),
    ((1, "x", 1, 10), (2, "x", 2, 10), (3, "y", 2, 20), (4, "y", 3, 20), (5, "z", 1, 30)),
    2,
    (3, 2, 1),
)
OVERWRITE = Case(
    "overwrite",
    "",
    (("a", "1,x,1,10\n2,x,2,10\n"), ("a", "3,y,2,20\n4,y,3,20\nbad,y,3,20\n"), ("a", "5,z,1,30\n")),
    ((1, "x", 1, 10), (2, "x", 2, 10)),
    ((3, "y", 2, 20), (4, "y", 3, 20)),
    ((5, "z", 1, 30),),
    3,
    (3, 2, 1),
)
PARTITIONS = Case(
    "overwrite_partitions",
    "",
    (("a", "1,x,1,10\n2,x,2,10\n"), ("a", "3,y,2,20\n4,y,3,20\nbad,y,3,20\n"), ("a", "5,z,3,30\n")),
    ((1, "x", 1, 10), (2, "x", 2, 10)),
    ((1, "x", 1, 10), (3, "y", 2, 20), (4, "y", 3, 20)),
    ((1, "x", 1, 10), (3, "y", 2, 20), (5, "z", 3, 30)),
    2,
    (3, 2, 1),
)
# 1 is deleted and leaves its partition empty, 2 moves to another; in the end a late row of 1 changes nothing
MERGE = Case(
    "merge",
    f"  keys: [id]\n  order_by: [at]\n  delete_when: kind = 'gone'\n{BY_FILES}",
    (
        ("a", "1,x,1,10\n2,x,2,10\n5,x,2,10\n"),
        ("b", "1,gone,1,20\n2,y,3,20\n3,y,2,20\nbad,y,3,20\n"),
        ("c", "1,late,1,15\n6,z,1,30\n"),
    ),
    ((1, "x", 1, 10), (2, "x", 2, 10), (5, "x", 2, 10)),
    ((2, "y", 3, 20), (3, "y", 2, 20), (5, "x", 2, 10)),
    ((2, "y", 3, 20), (3, "y", 2, 20), (5, "x", 2, 10), (6, "z", 1, 30)),
    3,
    (4, 3, 1),
)
# 1 ends; 2 at 40 says nothing new, until in the end a late row at 30 makes it a version of its own
SCD2 = Case(
    "scd2",
    f"  keys: [id]\n  sequence_by: at\n  delete_when: kind = 'gone'\n{BY_FILES}",
    (
        ("a", "1,x,1,10\n2,x,2,10\n"),
        ("b", "1,gone,1,20\n2,y,2,20\n2,y,2,40\n3,y,3,20\nbad,y,3,20\n"),
        ("c", "2,late,2,30\n"),
    ),
    ((1, "x", 1, 10, 10, None, True), (2, "x", 2, 10, 10, None, True)),
    (
        (1, "x", 1, 10, 10, 20, False),
        (2, "x", 2, 10, 10, 20, False),
        (2, "y", 2, 20, 20, None, True),
        (3, "y", 3, 20, 20, None, True),
    ),
    (
        (1, "x", 1, 10, 10, 20, False),
        (2, "late", 2, 30, 30, 40, False),
        (2, "x", 2, 10, 10, 20, False),
        (2, "y", 2, 20, 20, 30, False),
        (2, "y", 2, 40, 40, None, True),
        (3, "y", 3, 20, 20, None, True),
    ),
    3,
    (5, 4, 1),
)
CASES: Final[Mapping[str, Case]] = {case.mode: case for case in (APPEND, OVERWRITE, PARTITIONS, MERGE, SCD2)}


def project(root: Path, case: Case, table_format: str, code: str = CODE, spark: str = "") -> Path:
    """The project of `case` with its first input; its table, which is not there yet. `spark`: lines of it."""
    job = JOB.format(format=table_format, mode=case.mode, more=case.more)
    write_project(root, code, {"conf/sources.yml": SOURCES, "conf/jobs/events.yml": job})
    if spark:
        add_settings(root, spark)
    deliver(root, case, 0)
    return root / "warehouse/events"


def add_settings(root: Path, spark: str) -> None:
    """Add lines to `spark:` of the project in `root`; a master instead of its own."""
    conf = root / "conf/sparkjobs.yml"
    text = conf.read_text(encoding="utf-8")
    if "spark.master" in spark:
        text = text.replace("  spark.master: local[2]\n", "")
    conf.write_text(f"{text}{spark}", encoding="utf-8")


def deliver(root: Path, case: Case, step: int) -> None:
    """Put the file of the first (0), second or third input where the project finds it."""
    name, lines = case.files[step]
    lay_out(root, {f"landing/{name}.csv": HEAD + lines})

"""What readers see of a table, and what dead runs have left in it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable
from pyspark.sql import SparkSession

from tests.faults.cases import COLUMNS, Row
from tests.projects import table as table_of


def seen(spark: SparkSession, table: Path) -> list[Row]:
    """The rows that readers see, in order; none where there is no table yet."""
    is_delta = (table / "_delta_log").is_dir()
    there = DeltaTable.is_deltatable(str(table)) if is_delta else any(table.glob("part=*"))
    if not there:
        return []
    found = table_of(spark, table)
    # readers of Parquet get partition columns last
    wanted = [name for name in COLUMNS if name in found.columns]
    return sorted((tuple(row) for row in found.select(*wanted).collect()), key=repr)


def differences(actual: Iterable[Row], expected: Iterable[Row]) -> tuple[int, int]:
    """How many rows are lost, and how many are there too often."""
    found, wanted = Counter(actual), Counter(expected)
    return (wanted - found).total(), (found - wanted).total()


def quarantined(spark: SparkSession, table: Path) -> int:
    """How many rejected lines lie beside the table."""
    folder = table / "_sparkjobs/quarantine"
    files = [str(path) for path in folder.rglob("*.json.gz")]
    return spark.read.text(files).count() if files else 0


def leftovers(table: Path) -> list[str]:
    """What should not be there when no run is under way."""
    state = table / "_sparkjobs"
    found = [state / "journal.json", *(state / "staging").glob("*"), *(state / "trash").glob("*")]
    found += table.rglob("_temporary")
    if (table / "_delta_log").is_dir():
        logged = set(_logged(table))
        found += [one for one in table.glob("sparkjobs_run=*") if one.name not in logged]
    return sorted(str(path.relative_to(table)) for path in found if path.exists())


def _logged(table: Path) -> Iterator[str]:
    """The first part of the path of every file that a commit has added."""
    for entry in (table / "_delta_log").glob("*.json"):
        for line in entry.read_text(encoding="utf-8").splitlines():
            if add := json.loads(line).get("add"):
                yield unquote(add["path"]).split("/")[0]


@dataclass(frozen=True, slots=True)
class Polled:
    """What a reader saw that looked again and again."""

    states: list[tuple[Row, ...]] = field(default_factory=list)
    """Each state once, in the order of its coming."""
    problems: list[str] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)


@contextmanager
def polling(table: Path) -> Iterator[Polled]:
    """Meanwhile a reader looks at a Delta table as often as it can."""
    polled, over = Polled(), threading.Event()

    def look() -> None:
        while not over.is_set():
            try:
                _look(table, polled)
            except Exception as error:  # noqa: BLE001 (whatever a reader meets is what is asked for)
                polled.problems.append(f"{type(error).__name__}: {error}")
            time.sleep(0.1)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield polled
    finally:
        over.set()
        reader.join()


def _look(table: Path, polled: Polled) -> None:
    if not DeltaTable.is_deltatable(str(table)):
        return
    content = DeltaTable(table).to_pyarrow_table().to_pylist()
    state = tuple(sorted((tuple(row[name] for name in COLUMNS if name in row) for row in content), key=repr))
    if not polled.states or polled.states[-1] != state:
        polled.states.append(state)
    polled.looks.append(time.monotonic())

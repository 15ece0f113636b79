"""Whether tables hold the same rows, in any order; and what Spark did to write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.event_log import events, scans


@dataclass(frozen=True, slots=True)
class Content:
    """A fingerprint of rows, without their order."""

    rows: int
    columns: tuple[tuple[str, str, str], ...]
    """Name, type, and the sum of the hashes of the values."""
    together: str
    """The sum of the hashes of whole rows."""


def content(files: list[str]) -> Content:
    """The fingerprint of what `files` hold."""
    table = duckdb.read_parquet(files)
    names = [f'"{name}"' for name in table.columns]
    hashes = [f"sum(hash({name}))" for name in names]
    told = table.aggregate(", ".join(["count(*)", *hashes, f"sum(hash(struct_pack({', '.join(names)})))"]))
    rows, *columns, together = told.fetchall()[0]
    kinds = map(str, table.types)
    return Content(rows, tuple(zip(table.columns, kinds, map(str, columns), strict=True)), str(together))


@dataclass(frozen=True, slots=True)
class Activity:
    """What the event log of one application tells."""

    jobs: int
    source_scans: int
    source_bytes: int
    result_scans: int
    """Of the table, or of what was staged for it."""
    result_bytes: int
    tasks_cpu_s: float
    """Of all tasks; the rest is starting, planning, compiling, collecting garbage and committing."""


def activity(event_log: Path, data: Path) -> Activity:
    """The Spark jobs, and the scans of the source below `data` and of everything else."""
    of_source = [one for one in scans(event_log) if Path(one.path).is_relative_to(data)]
    others = [one for one in scans(event_log) if one not in of_source]
    return Activity(
        jobs=len(events(event_log, "SparkListenerJobStart")),
        source_scans=len(of_source),
        source_bytes=sum(one.bytes for one in of_source),
        result_scans=len(others),
        result_bytes=sum(one.bytes for one in others),
        tasks_cpu_s=sum(map(_cpu_ns, events(event_log, "SparkListenerTaskEnd"))) / 1e9,
    )


def _cpu_ns(task_end: Mapping[str, Any]) -> int:
    told = task_end["Task Metrics"]
    return int(told["Executor CPU Time"]) + int(told["Executor Deserialize CPU Time"])

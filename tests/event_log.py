"""What an application did, from Spark's own event log."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession

_ROWS = "number of output rows"


@dataclass(frozen=True, slots=True)
class Scan:
    """One file scan that tasks really performed.

    Each scan node of a physical plan has a row counter of its own, and each task reports by how much
    it moved which counter. So a scan is told by its counter: a plan that only reads the cache shows the
    scan below the cache again, with the same counter, which then stands still; and a node that adaptive
    execution planned but replaced never moves its counter at all.
    """

    path: str
    """The first file, or the folder, that it reads."""
    query: int
    """Spark's number of the query in which it ran."""
    rows: int
    bytes: int
    """By the input metrics of the tasks that moved its counter."""


def log_of(spark: SparkSession) -> Path:
    """The event log of the session, which goes on; what has ended is in it."""
    folder = Path(urlparse(str(spark.conf.get("spark.eventLog.dir"))).path)
    return next(folder.glob(f"*{spark.sparkContext.applicationId}*"))


def scans(event_log: Path) -> tuple[Scan, ...]:
    """Every file scan of the application, in the order in which they were planned."""
    planned: dict[int, str] = {}
    queries: dict[int, int] = {}
    query_of_stage: dict[int, int] = {}
    rows: Counter[int] = Counter()
    read: Counter[int] = Counter()
    for event in _events(event_log):
        match event["Event"].rsplit(".", 1)[-1]:
            case "SparkListenerSQLExecutionStart" | "SparkListenerSQLAdaptiveExecutionUpdate":
                planned |= dict(_nodes(event["sparkPlanInfo"]))
            case "SparkListenerJobStart":
                number = event["Properties"].get("spark.sql.execution.id")
                query_of_stage |= dict.fromkeys(event["Stage IDs"], int(number) if number else -1)
            case "SparkListenerTaskEnd":
                for counter, moved in _moved(event):
                    rows[counter] += moved
                    read[counter] += event["Task Metrics"]["Input Metrics"]["Bytes Read"]
                    queries[counter] = query_of_stage[event["Stage ID"]]
    return tuple(
        Scan(path, queries[counter], rows[counter], read[counter])
        for counter, path in planned.items()
        if counter in queries
    )


def events(event_log: Path, kind: str) -> list[Mapping[str, Any]]:
    """The events of one kind."""
    return [event for event in _events(event_log) if event["Event"] == kind]


def environment(event_log: Path) -> Mapping[str, str]:
    """The Spark properties that the application ran with."""
    found: Mapping[str, str] = events(event_log, "SparkListenerEnvironmentUpdate")[0]["Spark Properties"]
    return found


def _events(event_log: Path) -> Iterator[Mapping[str, Any]]:
    with event_log.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _nodes(plan: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """The scan nodes of a plan: their row counters, with the first path they read."""
    location = plan.get("metadata", {}).get("Location")
    if location:
        first = location[location.index("[") + 1 :].split(",")[0].rstrip("].")
        (counter,) = (one["accumulatorId"] for one in plan["metrics"] if one["name"] == _ROWS)
        yield counter, unquote(urlparse(first).path)
    for child in plan["children"]:
        yield from _nodes(child)


def _moved(task_end: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    for one in task_end["Task Info"]["Accumulables"]:
        if one.get("Name") == _ROWS and int(one["Update"]) > 0:
            yield one["ID"], int(one["Update"])

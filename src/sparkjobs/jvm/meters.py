"""Meters: rows are counted where they pass, by what Spark counts of itself.

A meter is a sample of all rows. Spark counts what comes out of a sample, compiled into one with what is below
and above it, and moves no filter past one. An observation counts too, but is never compiled: each row is
made anew for it.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import getrandbits
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from sparkjobs.jvm.jobs import heard
from sparkjobs.jvm.objects import members

_PATIENCE_S = 10.0
_PAUSE_S = 0.005


@dataclass(frozen=True, slots=True)
class Meter:
    """A place in a plan, known by the seed of its sample."""

    seed: int
    made_ms: int


def metered(frame: DataFrame) -> tuple[DataFrame, Meter]:
    """All rows of `frame`, and what counts them; no filter above is asked before they are counted."""
    meter = Meter(getrandbits(62), time.time_ns() // 1_000_000)
    return frame.sample(fraction=1.0, seed=meter.seed), meter


def takes_all(sample: Any) -> bool:  # noqa: ANN401 (of the JVM)
    """Whether a sample in a plan is one of all rows, as meters are."""
    return bool(sample.lowerBound() == 0 and sample.upperBound() == 1 and not sample.withReplacement())


def passed(spark: SparkSession, *meters: Meter) -> tuple[int, ...] | None:
    """How many rows came past each of `meters`, in the execution in which most came past the first.

    None where no execution is known in which any did: there was none, or not all news of it came.
    """
    if not heard(spark):
        return None
    store = spark._jsparkSession.sharedState().statusStore()  # noqa: SLF001
    counts = [_counted(store, number, meters) for number in _executions(store, meters[0])]
    return max((one for one in counts if one[0]), default=None)


def _executions(store: Any, meter: Meter) -> Iterator[int]:  # noqa: ANN401 (of the JVM)
    """The executions of plans with `meter`, but for those that failed."""
    remembered = store.executionsList()
    for place in reversed(range(remembered.size())):
        one = remembered.apply(place)
        if one.submissionTime() < meter.made_ms:
            return
        if str(meter.seed) in one.physicalPlanDescription() and _ended(store, one.executionId()):
            yield one.executionId()


def _ended(store: Any, execution: int) -> bool:  # noqa: ANN401 (of the JVM)
    """Whether an execution that is over went well; Spark sums up in a thread of its own what it counted."""
    until = time.monotonic() + _PATIENCE_S
    while (status := store.execution(execution).get().executionStatus()) == "RUNNING":
        if time.monotonic() > until:
            return False
        time.sleep(_PAUSE_S)
    return bool(status == "COMPLETED")


def _counted(store: Any, execution: int, meters: tuple[Meter, ...]) -> tuple[int, ...]:  # noqa: ANN401 (of the JVM)
    told = store.executionMetrics(execution)
    samples = [one for one in members(store.planGraph(execution).allNodes()) if one.name() == "Sample"]
    rows = [(str(one.desc()), _rows(one, told)) for one in samples]
    # what was read twice in one plan has each of its meters twice
    return tuple(max((n for sample, n in rows if str(one.seed) in sample), default=0) for one in meters)


def _rows(sample: Any, told: Any) -> int:  # noqa: ANN401 (of the JVM)
    """What came out of one node of a plan; where that is nothing, Spark tells nothing."""
    (metric,) = members(sample.metrics())
    rows = told.get(metric.accumulatorId())
    return int(rows.get().replace(",", "")) if rows.isDefined() else 0

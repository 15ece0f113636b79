"""What counts the rows of an input while a job reads them, at no pass of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame, Observation, SparkSession

from sparkjobs import jvm
from sparkjobs.jvm import Meter


@dataclass(frozen=True, slots=True)
class Counting:
    """Meters in the plan of an input, by what passes them, and an observation of what else is asked."""

    meters: Mapping[str, Meter]
    observation: Observation | None


def observed(frame: DataFrame, metrics: tuple[Column, ...]) -> tuple[DataFrame, Observation | None]:
    """The rows of `frame`, and what aggregates `metrics` of them; an observation costs each row a copy."""
    if not metrics:
        return frame, None
    observation = Observation()
    return frame.observe(observation, *metrics), observation


def counted_by(counting: Counting, spark: SparkSession, run_id: str, job: str) -> Mapping[str, Any] | None:
    """What passed each meter, and what was observed, by their names.

    None where it is not to be trusted: the job never read the input, or a stage of it was tried again.
    """
    if jvm.retried(spark, run_id, job):
        return None
    rows = jvm.passed(spark, *counting.meters.values())
    told = jvm.observed(spark, counting.observation) if counting.observation else {}
    if rows is None or told is None:
        return None
    return {**dict(zip(counting.meters, rows, strict=True)), **told}

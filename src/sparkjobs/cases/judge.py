"""What becomes of a case."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pyspark.sql import SparkSession

from sparkjobs.cases.calls import called
from sparkjobs.cases.find import Placed
from sparkjobs.cases.runs import played
from sparkjobs.config import Conf
from sparkjobs.config.node import MistakeError
from sparkjobs.errors import SparkjobsError
from sparkjobs.registry import Registry


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a case holds; `problem` says why not, and where."""

    seconds: float
    problem: str | None = None
    mistaken: bool = False
    """Whether the mistake is in its file."""


def judged(spark: SparkSession, conf: Conf, registry: Registry, case: Placed, now: datetime) -> Verdict:
    """The verdict on one case; runs are told that it is `now`."""
    began = time.monotonic()
    try:
        problem = _problem(spark, _with_params(conf, case), registry, case, now)
    except MistakeError as mistake:
        return Verdict(time.monotonic() - began, str(mistake), mistaken=True)
    except SparkjobsError as error:
        problem = str(error).partition("\n")[0]
    return Verdict(time.monotonic() - began, f"{case.at()}: {problem}" if problem else None)


def _problem(spark: SparkSession, conf: Conf, registry: Registry, case: Placed, now: datetime) -> str | None:
    if not case.body.runs:
        return called(spark, conf, registry, case)
    with TemporaryDirectory(prefix="sparkjobs-") as folder:
        return played(spark, conf, registry, case, now, Path(folder).resolve())


def _with_params(conf: Conf, case: Placed) -> Conf:
    body = conf.jobs[case.job]
    params: Mapping[str, object] = {**body.params, **case.body.params}
    return replace(conf, jobs={**conf.jobs, case.job: body.model_copy(update={"params": params})})

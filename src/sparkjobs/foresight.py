"""Foresight: the scans of jobs that would run. Their functions are called, and nothing is executed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession

from sparkjobs.config import Conf
from sparkjobs.errors import SparkjobsError
from sparkjobs.plan import JobPlan, PlannedInput, RunPlan, Scans, TableInput
from sparkjobs.progress import told
from sparkjobs.query import with_views
from sparkjobs.scans import scans
from sparkjobs.shelf import Shelf, shelf_of
from sparkjobs.state import look
from sparkjobs.transform import params_of, transform


def scans_of(
    start: Callable[[Conf], SparkSession], conf: Conf, plan: RunPlan, now: datetime
) -> Mapping[str, Scans]:
    """The scans of each job of `plan` that runs; of one that cannot be planned yet, why.

    Raises:
        ConfigError: a rule or check holds an expression that may not run.
        SetupError: Delta's jars are missing.
    """
    shelf = shelf_of(start, conf, plan, now)
    found: dict[str, Scans] = {}
    for job in (job for job in plan.jobs if job.runs):
        assert shelf is not None, job.name  # noqa: S101 (there is one where a job runs)
        found[job.name] = _scans(shelf, job)
        shelf.release(job)
    return found


def _scans(shelf: Shelf, job: JobPlan) -> Scans:
    versions = {one.name: _version(one) for one in job.inputs}
    tables = [one for one in job.inputs if isinstance(one, TableInput)]
    if missing := [one.job for one in tables if versions[one.name] is None]:
        return Scans(unknown=f"{', '.join(missing)} must be published first")
    now = frozenset(one.name for one in tables if one.version is None)
    try:
        with told(job.name, "plan its scans"):
            frames = {one.name: _frame(shelf, job, one, versions[one.name]) for one in job.inputs}
            made = with_views(shelf.spark, job, frames)
            return Scans(scans(transform(shelf.spark, job, made, params_of(job))), now)
    except SparkjobsError as error:
        return Scans(unknown=str(error).splitlines()[0])


def _version(one: PlannedInput) -> int | None:
    """Which version is looked at: the planned one, or what a job that runs before has published until now."""
    if isinstance(one, TableInput) and one.version is None:
        return look(one.job, one.path, one.format).version
    return one.version


def _frame(shelf: Shelf, job: JobPlan, one: PlannedInput, version: int | None) -> DataFrame:
    # a source that is cached would be read at once
    uncached = one if isinstance(one, TableInput) else replace(one, cached=False)
    return shelf.open(shelf.spark, job, uncached, version).frame

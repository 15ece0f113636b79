"""The job's own function: called with its frames and params, and what it returns or raises."""

import os
from traceback import extract_tb

from pyspark.sql import DataFrame, SparkSession

from sparkjobs.config.references import revealed
from sparkjobs.errors import FunctionError, ResultError
from sparkjobs.plan import JobPlan
from sparkjobs.query import ask
from sparkjobs.session import call_sites, root_cause


def transform(
    spark: SparkSession, job: JobPlan, frames: dict[str, DataFrame], params: dict[str, object]
) -> DataFrame:
    """Call the job's function, or ask Spark its query.

    Raises:
        FunctionError: what it raised, with its place.
        ResultError: it returned no frame.
    """
    taken = {name: frames[name] for name in job.function.inputs}
    if job.function.sql:
        return ask(spark, job, job.function.sql, taken)
    try:
        with call_sites(noted=True):
            frame = job.function.function(**taken, **params)
    except Exception as error:  # the one place where anything may come: it is the user's code
        own = [frame for frame in extract_tb(error.__traceback__) if frame.filename == job.function.file]
        place = f"{own[-1].filename}:{own[-1].lineno}" if own else job.function.place
        cause = f"{type(error).__name__}: {root_cause(error)}"
        raise FunctionError(job.name, place, cause) from error
    if not isinstance(frame, DataFrame):
        raise ResultError(job.name, f"its function returned {type(frame).__name__}, not a DataFrame.")
    return frame


def params_of(job: JobPlan) -> dict[str, object]:
    """The params of the job's function.

    Raises:
        UnknownReferenceError: one of them is a secret that is not there.
    """
    return {name: _in_clear(value) for name, value in job.conf.params.items()}


def _in_clear(value: object) -> object:
    """A param with its secrets revealed; from here on messages and records are scrubbed of them."""
    if isinstance(value, tuple):
        return tuple(map(_in_clear, value))
    return revealed(value, os.environ) if isinstance(value, str) else value

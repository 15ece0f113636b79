"""A job that is SQL: its query is asked over its frames, and of nothing else."""

import re
from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from sparkjobs import jvm
from sparkjobs.errors import FunctionError
from sparkjobs.plan import JobPlan, TableInput
from sparkjobs.read import read_table
from sparkjobs.sql import CALLS_OUT, read_beyond
from sparkjobs.sql_models import THIS, Model, Sql
from sparkjobs.state import look

_POSITION = re.compile(r"line (\d+),? pos(?:ition)? \d+")


def ask(spark: SparkSession, job: JobPlan, model: Model, frames: Mapping[str, DataFrame]) -> DataFrame:
    """What the query of `model`, which is `job`, makes of `frames`, and of the table as it stands.

    Raises:
        FunctionError: Spark refuses it, or it reads more than these.
    """
    if not (model.again and job.committed and job.mode != "overwrite"):
        return asked(spark, job.name, model, model.sql, frames)
    if THIS in model.again.text:
        frames = {**frames, THIS: _standing(spark, job)}
    return asked(spark, job.name, model, model.again, frames)


def with_views(spark: SparkSession, job: JobPlan, frames: Mapping[str, DataFrame]) -> dict[str, DataFrame]:
    """`frames`, and those that the views of `job` make of them.

    Raises:
        FunctionError: Spark refuses a view, or it reads more than these.
    """
    frames = dict(frames)
    for view in job.views:
        tables = {table: frames[name] for table, name in view.tables.items()}
        frames[view.name] = asked(spark, job.name, view.model, view.model.sql, tables)
    return frames


def _standing(spark: SparkSession, job: JobPlan) -> DataFrame:
    """The table of `job` as it is before this run publishes."""
    state = look(job.name, job.table, job.conf.output.format)
    assert state.version is not None, job.name  # noqa: S101 (the plan has seen a commit)
    table = TableInput(THIS, job.name, job.conf.output.format, job.table, state.version, cached=False)
    return read_table(spark, table, state.version)


def asked(
    spark: SparkSession, job: str, model: Model, sql: Sql, frames: Mapping[str, DataFrame]
) -> DataFrame:
    """What `sql`, of `model`, makes of `frames`; in errors it is of `job`.

    Raises:
        FunctionError: Spark refuses it, or it reads more than these.
    """
    arguments = dict(model.arguments)
    values = {name: list(one) if isinstance(one, tuple) else one for name, one in arguments.items()}
    try:
        jvm.parse_query(spark, sql.text)
        _refuse(spark, job, model, sql, frames)
        for name, rows in frames.items():
            rows.createOrReplaceTempView(name)
        made = spark.sql(sql.text, args=values or None)
    except PySparkException as error:
        told = (error.getMessage() or str(error)).strip().splitlines()[0]
        raise FunctionError(job, f"{model.file}:{_line(error, sql)}", told) from error
    finally:
        for name in frames:
            jvm.forget_view(spark, name)
    if strange := jvm.strangers(made, frames.values()):
        raise FunctionError(job, f"{model.file}:1", f"it reads more than its inputs: {strange[0]}")
    return made


def _refuse(spark: SparkSession, job: str, model: Model, sql: Sql, frames: Mapping[str, DataFrame]) -> None:
    """Refuse what the session may know by name though it is no input, and functions that leave Spark."""
    nodes = list(jvm.query_syntax(spark, sql.text))
    functions = (name for kind, name in nodes if kind == "UnresolvedFunction")
    if name := read_beyond(nodes, frames):
        told = f"it reads {name!r}, which is no input"
    elif name := next((one for one in functions if one.lower() in CALLS_OUT), None):
        told = f"{name}() calls what is not Spark; say it in Python"
    else:
        return
    line = sql.text.count("\n", 0, max(sql.text.casefold().find(name.casefold()), 0)) + 1
    raise FunctionError(job, f"{model.file}:{sql.line_at(line)}", told)


def _line(error: PySparkException, sql: Sql) -> int:
    """The line of the file that Spark complains of."""
    found = _POSITION.search(str(error))
    starts = [one.startIndex() for one in error.getQueryContext()]
    if starts:
        return sql.line_at(sql.text.count("\n", 0, max(starts[0], 0)) + 1)
    return sql.line_at(int(found[1]) if found else 1)

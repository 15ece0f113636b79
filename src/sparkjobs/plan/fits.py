"""Whether an incremental job fits the input whose rows it takes, as far as conf alone can tell."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator

from sparkjobs.config import Conf, JobConf
from sparkjobs.config.incremental import ByColumn, ByFiles, ByInterval, ByVersion
from sparkjobs.config.models import Input
from sparkjobs.config.sources import Columns
from sparkjobs.registry import JobFunction

_ORDERED = re.compile(r"tinyint|smallint|int|bigint|decimal\(.*|date|timestamp|timestamp_ntz|string")
_TIMES = re.compile(r"date|timestamp|timestamp_ntz")
_GROUPING = frozenset({"agg", "cube", "groupBy", "groupby", "rollup"})


def taken(body: JobConf) -> str:
    """The input whose rows an incremental job takes: the one that is no lookup. Empty where there is none."""
    return next((name for name, one in body.inputs.items() if not one.lookup), "")


def misfits_of(conf: Conf, job: str) -> Iterator[str]:
    """Every mistake in how `job` is incremental, with its place."""
    body = conf.jobs[job]
    if body.incremental is None:
        return
    place = conf.at("jobs", job, "incremental")
    one = body.inputs[taken(body)]
    if (one.ref or "") in conf.jobs or (one.source or "") in conf.sources:
        yield from (f"{place}: {text}" for text in _unfit(conf, body, one))


def _unfit(conf: Conf, body: JobConf, one: Input) -> Iterator[str]:
    source = conf.sources[one.source] if one.source else None
    delta = source.format == "delta" if source else conf.jobs[str(one.ref)].output.format == "delta"
    called = f"source {one.source!r}" if source else f"job {one.ref!r}"
    match body.incremental:
        case ByFiles() if source is None or delta:
            yield f"by files needs a source of files; {called} is a table: say `by: version`"
        case ByVersion() if not delta:
            yield f"by version needs a Delta table; {called} is none"
        case ByColumn(column=column) if source:
            yield from _column(source.columns, column, _ORDERED, called)
        case ByInterval(column=column) if source:
            yield from _column(source.columns, column, _TIMES, called)
            if column in source.columns and not source.columns[column].not_null:
                yield f"{called} must declare {column!r} `not_null: true`: a null lies in no interval"
        case _:
            return


def _column(columns: Columns, column: str, kinds: re.Pattern[str], called: str) -> Iterator[str]:
    if columns and column not in columns:
        yield f"{called} has no column {column!r}"
    elif columns and not kinds.fullmatch(columns[column].type):
        yield f"{column!r} of {called} is {columns[column].type}, which does not put its rows in order"


def warnings_of(body: JobConf, function: JobFunction) -> Iterator[str]:
    """What is likely to be wrong with an incremental job, though nobody can be sure."""
    sees_part = isinstance(body.incremental, ByFiles | ByColumn | ByVersion)
    if sees_part and body.output.mode != "overwrite_partitions" and _groups(function):
        yield (
            f"{function.name} groups rows and sees only the new ones: what it publishes for a group tells of "
            "those alone. By version with mode overwrite_partitions it would see whole partitions."
        )


def _groups(function: JobFunction) -> bool:
    if function.sql:
        return function.sql.groups
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function.function)))
    except (OSError, TypeError, SyntaxError):
        return False
    return any(isinstance(node, ast.Attribute) and node.attr in _GROUPING for node in ast.walk(tree))

"""What conf says of a source or a job beside its columns, in words: where it lies, how it comes and goes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from sparkjobs.config import Column, JobConf, Source
from sparkjobs.docs.masks import told
from sparkjobs.freshness import Age
from sparkjobs.plan.explain import shown
from sparkjobs.results import PastRun

Facts = Iterator[tuple[str, str]]

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


def of_source(conf: Source, root: Path) -> Facts:
    """What conf says of a source."""
    yield "format", conf.format
    yield "path", shown(Path(conf.path), root)
    if options := told(_set(getattr(conf, "options", None))):
        yield "options", options
    if conf.unique:
        order = (
            f", the one with the highest {', '.join(conf.unique.order_by)}" if conf.unique.order_by else ""
        )
        yield "one row per", ", ".join(conf.unique.keys) + order
    bad = conf.bad_rows
    if bad.action == "fail":
        yield "bad rows", "none is allowed"
    else:
        yield "bad rows", f"go to the quarantine; more than {100 * bad.max_share:.6g} % stop the job"
    other = {"on_extra_columns": "fail", "on_missing_columns": "fail", "on_empty": "fail"}
    for key, usual in other.items():
        if (value := getattr(conf, key)) != usual:
            yield key.replace("_", " "), value


def of_job(conf: JobConf, root: Path, age: Age, runs: tuple[PastRun, ...]) -> Facts:
    """What conf says of a job, and since when its table is as it is."""
    output = conf.output
    yield "output", f"{output.format}, {output.mode}"
    yield "path", shown(Path(output.path), root)
    given = _set(output)
    for key in ("partition_by", "sort_by", "keys", "sequence_by", "track", "order_by", "columns"):
        if key in given:
            yield key.replace("_", " "), _listed(given[key])
    for key in (
        "update_when",
        "delete_when",
        "absent_keys",
        "on_schema_change",
        "target_file_size",
        "optimize",
    ):
        if key in given:
            yield key.replace("_", " "), told({key: given[key]}).partition(": ")[2]
    yield "takes", _taken(conf)
    if conf.params:
        yield "params", told(conf.params)
    if conf.cache:
        yield "cache", ", ".join(conf.cache)
    if conf.function:
        yield "function", conf.function
    yield "published", _published(age, runs)
    if conf.freshness:
        column = f", and so may the newest {conf.freshness.column}" if conf.freshness.column else ""
        yield "freshness", f"may be {_span(conf.freshness.max_age)} old{column}: {age.verdict}"


def of_column(column: Column) -> Iterator[str]:
    """What a source's contract asks of each value of a column."""
    if column.not_null:
        yield "not null"
    if column.between:
        low, high = column.between
        yield f"{low} to {high}"
    if column.accepted_values:
        yield f"one of {', '.join(map(str, column.accepted_values))}"
    if column.matches:
        yield f"matches {column.matches}"
    if column.format:
        yield f"written {column.format}"
    if column.null_values:
        yield f"null is written {' or '.join(map(repr, column.null_values))}"


def of_result(conf: JobConf, name: str) -> Iterator[str]:
    """What a table uses one of its columns for."""
    output = conf.output
    if name in output.partition_by:
        yield "partition"
    if name in getattr(output, "keys", ()):
        yield "key"
    if name in output.sort_by:
        yield "sorted"


def _taken(conf: JobConf) -> str:
    by = conf.incremental
    if by is None:
        return "all rows, in each run"
    rest = {key: value for key, value in _set(by).items() if key != "by"}
    return f"what is new, by {by.by}" + (f" ({told(rest)})" if rest else "")


def _published(age: Age, runs: tuple[PastRun, ...]) -> str:
    if age.published is None:
        return f"it cannot be told: {age.why}" if age.why else "never"
    rows = next((run.published for run in reversed(runs) if run.published is not None), None)
    return f"{age.published:%Y-%m-%d %H:%M} UTC" + ("" if rows is None else f", {rows:,} rows")


def _set(model: object) -> dict[str, object]:
    """What conf sets of a model to another value than its default."""
    dump = getattr(model, "model_dump", None)
    return dict(dump(exclude_defaults=True, mode="json")) if dump else {}


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _span(age: timedelta) -> str:
    for unit, name in ((_DAY, "day"), (_HOUR, "hour"), (timedelta(minutes=1), "minute")):
        if age >= unit and not age % unit:
            count = age // unit
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{age.total_seconds():g} s"

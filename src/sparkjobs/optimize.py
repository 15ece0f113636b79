"""Compaction on demand: the small files of chosen tables are put together, whenever their conf says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from secrets import token_hex

from pyspark.sql import SparkSession

from sparkjobs import session
from sparkjobs.config import Conf, Output
from sparkjobs.plan import Request, graph_of, selected
from sparkjobs.plan.decide import refuse_distrust
from sparkjobs.progress import told
from sparkjobs.publish import Attempt, compact, extent, files_of, small
from sparkjobs.registry import Registry
from sparkjobs.results import Extent
from sparkjobs.state import TableState, locked, look, recover, state_folder


@dataclass(frozen=True, slots=True)
class Optimized:
    """What a table lay in and lies in now; None for what was never published."""

    job: str
    before: Extent | None = None
    after: Extent | None = None


def optimized(
    start: Callable[[Conf], SparkSession], conf: Conf, registry: Registry, request: Request, run_id: str
) -> Iterator[Optimized]:
    """Put together the small files of each table that `request` selects, one after another.

    `start` is called only when there is something to put together. No table is touched unless all are as
    their last manifests left them.

    Raises:
        SelectorError: a selector names nothing.
        UsageError: it asks for a run that is not recorded.
        StateError: a table is not its job's, or not as its last manifest left it.
        LockHeldError: a run writes it.
        StepError: it could not be done; the table's rows are as they were.
    """
    graph = graph_of(conf, registry)
    chosen = selected(request, conf, graph, registry)
    outputs = {job: conf.jobs[job].output for job in graph.order if job in chosen}
    published = {job for job, output in outputs.items() if _trusted(job, output).committed}
    spark = cache(lambda: start(conf))
    for job, output in outputs.items():
        yield _optimized(spark, job, output, run_id) if job in published else Optimized(job)


def _trusted(job: str, output: Output) -> TableState:
    table = Path(output.path)
    state = look(job, table, output.format)
    refuse_distrust(job, table, state)
    return state


def _optimized(spark: Callable[[], SparkSession], job: str, output: Output, run_id: str) -> Optimized:
    table = Path(output.path)
    with locked(job, state_folder(table), run_id), told(job, "optimize"):
        recover(table)
        attempt = Attempt(job, table, output.format, _trusted(job, output).committed, run_id, token_hex(4))
        files = files_of(table, output.format)
        if small(files, output):
            if output.format == "delta":
                session.require_delta(spark())
            if made := compact(spark(), attempt, output):
                return Optimized(job, made.before, made.after)
        return Optimized(job, extent(files), extent(files))

"""Advice after a run: which figures of a job are out of the ordinary, and which key of conf mends that.

It knows no Spark. Only what is certain is told, and what is worth a change: each threshold says why it is
where it is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from sparkjobs.config import Output, PlainOutput
from sparkjobs.figures import IdleFilter, Spread, Stage, Tasks
from sparkjobs.plan import JobPlan, PlannedInput, SourceInput
from sparkjobs.plan.scans import reads
from sparkjobs.results import Advice, StagedFile

LONG_MS: Final = 10_000
"""What the longest task of a stage must take: below it, splitting its rows better would be felt by nobody."""
FAR: Final = 5
"""How many times the median; Spark's own `skewedPartitionFactor` for joins."""
SMALL: Final = 8 * 1024**2
"""The average size of files below which opening one costs about what reading it does."""
MANY: Final = 32
"""Files of one run; fewer are listed and opened in no time, whatever their size."""
CROWDED: Final = 8
"""Files of one partition in one run; an append every day makes thousands of them."""


def advise(
    job: JobPlan,
    root: Path,
    stages: Sequence[Stage],
    files: Sequence[StagedFile],
    idle: Sequence[IdleFilter],
) -> tuple[Advice, ...]:
    """At most one piece of each kind of advice on a job that has run; `root` is that of the project."""
    found = (skew(stages), spill(stages, job), small_files(files, job.conf.output), unpruned(idle, job, root))
    return tuple(one for one in found if one is not None)


def skew(stages: Sequence[Stage]) -> Advice | None:
    """Whether a stage has waited for one of its tasks."""
    skewed = [(one.number, one.tasks) for one in stages if one.tasks and _far(one.tasks.run_ms, LONG_MS)]
    if not skewed:
        return None
    number, tasks = max(skewed, key=lambda one: one[1].run_ms.greatest)
    others = f"; {len(skewed) - 1} more of its stages are like that" if len(skewed) > 1 else ""
    figures, remedy = _cause(tasks)
    return Advice("skew", f"of {tasks.count:,} tasks in stage {number} {figures}{others}", remedy)


def _cause(tasks: Tasks) -> tuple[str, str]:
    """How the longest task differs, and what helps against it."""
    if _far(tasks.shuffled):
        return f"{_figures(tasks.run_ms, tasks.shuffled)} of shuffled rows", (
            "group or join by a key that spreads the rows, without those where it is null; Spark splits a"
            " join from a lower `spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes` in `spark:` on"
        )
    if _far(tasks.input):
        return f"{_figures(tasks.run_ms, tasks.input)} of input", (
            "give the source smaller files: one that is gzipped or `multi_line` goes to one task as a whole;"
            " Spark splits others from a lower `spark.sql.files.maxPartitionBytes` in `spark:` on"
        )
    usual = f"the median {_seconds(tasks.run_ms.median)} for about as many bytes"
    return f"one took {_seconds(tasks.run_ms.greatest)}, {usual}", (
        "if the next run says so too, one key of a join matches far more rows than others: join by more"
        " columns"
    )


def _figures(run_ms: Spread, size: Spread) -> str:
    most = f"{_seconds(run_ms.greatest)} for {_size(size.greatest)}"
    return f"one took {most}, the median {_seconds(run_ms.median)} for {_size(size.median)}"


def spill(stages: Sequence[Stage], job: JobPlan) -> Advice | None:
    """Whether tasks had less memory than they needed."""
    spilled = [one for one in stages if one.spilled]
    if not spilled:
        return None
    many = "1 stage" if len(spilled) == 1 else f"{len(spilled)} stages"
    text = f"{many} wrote {_size(sum(one.spilled for one in spilled))} to disk that did not fit into memory"
    return Advice("spill", text, ", or ".join(_relief(job)))


def _relief(job: JobPlan) -> Iterator[str]:
    yield "make tasks smaller: a higher `spark.sql.shuffle.partitions` in `spark:`"
    if job.conf.output.target_file_size:
        yield f"an `output.target_file_size` below {job.conf.output.target_file_size}"
    if cached := [one.name for one in job.inputs if one.name in job.conf.cache]:
        yield f"`cache` without {', '.join(cached)}"
    yield "give them more memory with `--conf`"


def small_files(files: Sequence[StagedFile], output: Output) -> Advice | None:
    """Whether readers of the table will open many files for few rows."""
    partitions = Counter(file.partition for file in files)
    most = max(partitions.values(), default=0)
    average = sum(file.size for file in files) / max(len(files), 1)
    if not isinstance(output, PlainOutput) or average >= SMALL or (len(files) <= MANY and most <= CROWDED):
        return None
    text = f"its run wrote {len(files):,} files of {_size(average)} on the average"
    larger = f"an `output.target_file_size` above {output.target_file_size or '64MB'}"
    if not output.partition_by:
        size = larger if output.target_file_size else "`output.target_file_size: 128MB`"
        return Advice("small files", text, f"{size} gathers the rows of all tasks into fewer files")
    by = f"{len(partitions):,} partitions by {', '.join(output.partition_by)}"
    if len(files) >= 2 * len(partitions):
        told = f"{text}, up to {most:,} in one of {by}"
        return Advice(
            "small files", told, f"{larger} splits a partition less; it counts bytes before Parquet"
        )
    return Advice("small files", f"{text}, in {by}", "take fewer or coarser columns in `output.partition_by`")


def unpruned(idle: Sequence[IdleFilter], job: JobPlan, root: Path) -> Advice | None:
    """Whether an input was read whole, in spite of a condition on its partition columns."""
    for one in job.inputs:
        for found in idle:
            if reads(one, found.path, root):
                by = ", ".join(found.partition_by)
                text = f"it read every partition of {one.name} (by {by}): {found.condition} left none out"
                return Advice("unpruned", text, _pruning(one))
    return None


def _pruning(one: PlannedInput) -> str:
    if isinstance(one, SourceInput):
        return (
            "every row of a source under a contract is looked at, so only a narrower `path:` of"
            f" {one.source} leaves folders out; or publish it with `partition_by`, and read that by `ref:`"
        )
    if one.part is not None:
        return "a ledger counts every row that an increment takes: say in `incremental` what it takes"
    return "filter by partition columns alone, in a condition of its own"


def _far(spread: Spread, least: float = 1) -> bool:
    """Whether the greatest is worth a look, and far from what is usual."""
    return spread.greatest >= least and spread.greatest >= FAR * spread.median


def _seconds(ms: float) -> str:
    return f"{ms / 1000:,.1f} s"


def _size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB"

"""After a commit: the table's small files are put together, where conf says that it is time."""

from contextlib import suppress
from dataclasses import replace

from pyspark.sql import SparkSession

from sparkjobs import session
from sparkjobs.errors import DamagedStateError
from sparkjobs.plan import JobPlan
from sparkjobs.progress import Progress, Run, step
from sparkjobs.publish import Attempt, compact, due
from sparkjobs.record import Event
from sparkjobs.results import Advice
from sparkjobs.state import recover


def compacted(run: Run, spark: SparkSession, attempt: Attempt, job: JobPlan, progress: Progress) -> None:
    """Put the table's files together where that is due. The rows are published, whatever becomes of it."""
    output = job.conf.output
    try:
        if output.optimize is None or not due(attempt, output.optimize.after):
            return
        with step(run, job.name, "optimize"):
            made = compact(spark, attempt, output)
    except Exception as error:  # noqa: BLE001 (no failure of it is one of the job)
        told = session.root_cause(error.__cause__ or error)
        progress.advice = (Advice("not compacted", told, "the next run that publishes tries again"),)
        run.emit(Event(run.clock().isoformat(), "warning", job.name, {"message": f"not compacted: {told}"}))
        with suppress(OSError, DamagedStateError):
            recover(attempt.table)
        return
    if made and progress.published:
        progress.published = replace(progress.published, version=made.version)
        facts = {"before": made.before.files, "after": made.after.files, "bytes": made.after.size}
        run.emit(Event(run.clock().isoformat(), "optimized", job.name, facts))

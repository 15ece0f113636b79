"""Hindsight: what Spark and the footers tell of a job that has run, as advice. Costs no Spark job."""

from contextlib import suppress

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from sparkjobs import jvm
from sparkjobs.advice import LONG_MS, advise
from sparkjobs.plan import JobPlan
from sparkjobs.progress import Progress, Run
from sparkjobs.results import Advice
from sparkjobs.scans import idle_filters


def advice_on(run: Run, job: JobPlan, progress: Progress) -> tuple[Advice, ...]:
    """What the figures of `job` advise; nothing where it staged nothing, or the JVM does not answer."""
    if run.shelf is None or progress.frame is None or progress.staged is None:
        return ()
    files = (progress.judged or progress.staged).files if progress.published else ()
    with suppress(Py4JError, PySparkException):  # advice is never a reason to fail
        stages = jvm.stages(run.shelf.spark, run.run_id, job.name, long_ms=LONG_MS)
        return advise(job, run.plan.root, stages, files, idle_filters(progress.frame))
    return ()

"""What Spark does and did for a job: its group, its stages, what was observed of its rows."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from py4j.protocol import Py4JJavaError
from pyspark.sql import Observation, SparkSession

from sparkjobs.figures import Spread, Stage, Tasks

_DROPPED: Final = "queue.appStatus.numDroppedEvents"


def label(spark: SparkSession, run_id: str, job: str) -> None:
    """Name the Spark jobs that follow after `job`, in the event log and for `retried`."""
    spark.sparkContext.setJobGroup(_group(run_id, job), job)


def cancel(spark: SparkSession, run_id: str, job: str) -> None:
    """End what Spark does for `job`, and whatever it would begin to do for it."""
    spark.sparkContext._jsc.sc().cancelJobGroupAndFutureJobs(_group(run_id, job))  # noqa: SLF001


def acted(spark: SparkSession, run_id: str, job: str) -> bool:
    """Whether anything was executed for `job`."""
    _heard(spark)
    return bool(spark.sparkContext.statusTracker().getJobIdsForGroup(_group(run_id, job)))


def observed(spark: SparkSession, observation: Observation) -> Mapping[str, Any] | None:
    """The metrics of `observation`; None when the action never came past it."""
    _heard(spark)
    if not observation._jo.future().isCompleted():  # type: ignore[union-attr]  # noqa: SLF001 (set by observe)
        return None
    try:
        return observation.get
    except Py4JJavaError:  # the optimizer has taken it out of the plan: SPARK-54620
        return None


def retried(spark: SparkSession, run_id: str, job: str) -> bool:
    """Whether any stage of `job` was tried twice, or may have been: then its observed counts are doubled."""
    if not _heard(spark):
        return True
    store, jobs = _remembered(spark, run_id, job)
    return any(_repeats(store, number, stages) for number, stages in jobs.items())


def stages(spark: SparkSession, run_id: str, job: str, *, long_ms: int) -> tuple[Stage, ...]:
    """The stages of `job` that ran, with their tasks where these took `long_ms` together."""
    _heard(spark)
    store, jobs = _remembered(spark, run_id, job)
    ranks = spark.sparkContext._gateway.new_array(spark._jvm.double, 2)  # type: ignore[union-attr]  # noqa: SLF001
    ranks[0], ranks[1] = 0.5, 1.0
    found = []
    for number in sorted({stage for of_job in jobs.values() for stage in of_job}):
        try:
            stage = store.lastStageAttempt(number)
        except Py4JJavaError:  # it had nothing to do, or is forgotten
            continue
        long = int(stage.executorRunTime()) >= long_ms
        tasks = _tasks(stage, store.taskSummary(number, stage.attemptId(), ranks)) if long else None
        found.append(Stage(number, int(stage.diskBytesSpilled()), tasks))
    return tuple(found)


def _tasks(stage: Any, summary: Any) -> Tasks | None:  # noqa: ANN401 (of the JVM)
    if not summary.isDefined():
        return None
    of = summary.get()
    told = (of.executorRunTime(), of.shuffleReadMetrics().readBytes(), of.inputMetrics().bytesRead())
    run_ms, shuffled, read = (Spread(float(one.apply(0)), float(one.apply(1))) for one in told)
    return Tasks(int(stage.numCompleteTasks()), run_ms, shuffled, read)


def _remembered(spark: SparkSession, run_id: str, job: str) -> tuple[Any, Mapping[int, tuple[int, ...]]]:
    """Spark's store of what has happened, and the stages of each Spark job of `job`."""
    context = spark.sparkContext._jsc.sc()  # noqa: SLF001
    tracker = spark.sparkContext.statusTracker()
    jobs = {number: tracker.getJobInfo(number) for number in tracker.getJobIdsForGroup(_group(run_id, job))}
    return context.statusStore(), {number: tuple(info.stageIds) for number, info in jobs.items() if info}


def _repeats(store: Any, job: int, stages: Iterable[int]) -> bool:  # noqa: ANN401 (of the JVM)
    """Whether a stage of one Spark job was tried twice, or may have been."""
    forgotten = 0
    for stage in stages:
        try:
            if store.lastStageAttempt(stage).attemptId() > 0:
                return True
        except Py4JJavaError:
            forgotten += 1
    try:
        # of more stages than it keeps, Spark forgets those first that had nothing to do
        return forgotten > int(store.job(job).numSkippedStages())
    except Py4JJavaError:  # it has forgotten the whole job
        return True


def _heard(spark: SparkSession) -> bool:
    """Wait for the news of what has ended; whether all came. While other jobs run, more may always come."""
    bus = spark.sparkContext._jsc.sc().listenerBus()  # noqa: SLF001
    try:
        bus.waitUntilEmpty()
    except Py4JJavaError:
        return False
    # a driver that is too busy lets news fall
    return int(bus.metrics().metricRegistry().counter(_DROPPED).getCount()) == 0


def _group(run_id: str, job: str) -> str:
    return f"{run_id}/{job}"

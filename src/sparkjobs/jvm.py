"""What only the JVM tells: of parsed SQL, of plans, and of what Spark did.

This and `session` are the only modules that look behind the DataFrame API.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, DataFrameReader, Observation, SparkSession

from sparkjobs.figures import Spread, Stage, Tasks

_MADE = frozenset({"CTERelationRef", "LocalRelation", "OneRowRelation", "Range", "UnionLoopRef"})
"""Leaves of a plan that read nothing."""
_SHOWN = 5
"""Columns that a leaf tells of itself."""


def java(spark: SparkSession, name: str) -> Any:  # noqa: ANN401 (of the JVM)
    """The class with the whole `name`; written with dots in Python, each package would be asked for."""
    return getattr(spark._jvm, name)  # noqa: SLF001


def label(spark: SparkSession, run_id: str, job: str) -> None:
    """Name the Spark jobs that follow after `job`, in the event log and for `retried`."""
    spark.sparkContext.setJobGroup(_group(run_id, job), job)


def cancel(spark: SparkSession, run_id: str, job: str) -> None:
    """End what Spark does for `job`, and whatever it would begin to do for it."""
    spark.sparkContext._jsc.sc().cancelJobGroupAndFutureJobs(_group(run_id, job))  # noqa: SLF001


def in_session(spark: SparkSession, frame: DataFrame) -> DataFrame:
    """`frame` as one of the session `spark`, whose settings and observations hold for it then."""
    if frame.sparkSession is spark:
        return frame
    # a plan of its own: Spark notes on the plan which frames it is the plan of
    plan = frame.select("*")._jdf.queryExecution().analyzed()  # noqa: SLF001
    rows = java(spark, "org.apache.spark.sql.classic.Dataset").ofRows(spark._jsparkSession, plan)  # noqa: SLF001
    return DataFrame(rows, spark)


def loaded(spark: SparkSession, reader: DataFrameReader, paths: Iterable[str]) -> DataFrame:
    """What `reader` makes of files, handed over all at once; a list goes to the JVM one call per file."""
    split = java(spark, "java.util.regex.Pattern").compile("\0").split("\0".join(paths))
    return DataFrame(reader._jreader.load(split), spark)  # noqa: SLF001


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


def stops_early(frame: DataFrame) -> bool:
    """Whether `frame` may be had without reading its inputs to their end."""
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001
    if plan.subqueriesAll().size() > 0:  # EXISTS looks at one row
        return True
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        if str(node.nodeName()) in ("GlobalLimit", "LocalLimit", "Offset", "Tail"):
            return True
        waiting.extend(members(node.children()))
    return False


def distinct_keys(frame: DataFrame) -> tuple[frozenset[str], ...]:
    """Sets of columns in which no two rows of `frame` agree, as Spark's optimizer proves it."""
    plan = frame._jdf.queryExecution().optimizedPlan()  # noqa: SLF001
    names = {str(one.exprId()): str(one.name()) for one in members(plan.output())}
    keys = [members(key.toSeq()) for key in members(plan.distinctKeys().toSeq())]
    return tuple(
        frozenset(names[str(one.exprId())] for one in key)
        for key in keys
        if all(
            str(one.getClass().getSimpleName()) == "AttributeReference" and str(one.exprId()) in names
            for one in key
        )
    )


def analyzed(frame: DataFrame) -> Any:  # noqa: ANN401 (of the JVM)
    """The plan of `frame` as it was written down."""
    return frame._jdf.queryExecution().analyzed()  # noqa: SLF001


def analyzed_json(frame: DataFrame) -> str:
    """The same, written out; literals stand in it as they are."""
    return str(analyzed(frame).toJSON())


def acted(spark: SparkSession, run_id: str, job: str) -> bool:
    """Whether anything was executed for `job`."""
    _heard(spark)
    return bool(spark.sparkContext.statusTracker().getJobIdsForGroup(_group(run_id, job)))


def planned(frame: DataFrame, *, delta_files: bool) -> Any:  # noqa: ANN401 (of the JVM)
    """How Spark would execute `frame`, all of it decided beforehand; nothing of it is executed.

    `delta_files`: with the files that Delta would take, which it asks its log by Spark jobs of its own.
    """
    session = frame.sparkSession._jsparkSession.cloneSession()  # noqa: SLF001
    session.conf().set("spark.sql.adaptive.enabled", "false")
    session.conf().set("spark.databricks.delta.stats.skipping", str(delta_files).lower())
    mode = java(frame.sparkSession, "org.apache.spark.sql.execution.CommandExecutionMode").SKIP()
    return session.sessionState().executePlan(analyzed(frame), mode)


def at_its_source(spark: SparkSession, condition: Any, plan: Any) -> Any | None:  # noqa: ANN401 (of the JVM)
    """`condition` over the columns of the table below `plan`; None where `plan` makes its own."""
    rule = java(spark, "org.apache.spark.sql.catalyst.optimizer.PushPredicateThroughNonJoin")
    found = rule.findExpressionAndTrackLineageDown(condition, plan)
    return found.get()._1() if found.isDefined() else None  # noqa: SLF001 (of a pair)


def observed(spark: SparkSession, observation: Observation) -> Mapping[str, Any] | None:
    """The metrics of `observation`; None when the action never came past it."""
    _heard(spark)
    if not observation._jo.future().isCompleted():  # type: ignore[union-attr]  # noqa: SLF001 (set by observe)
        return None
    try:
        return observation.get
    except Py4JJavaError:  # the optimizer has taken it out of the plan: SPARK-54620
        return None


def syntax(spark: SparkSession, text: str) -> Iterator[tuple[str, str]]:
    """Each node of the parsed expression `text`: its kind, and the name of a function or column.

    Raises:
        ParseException: it is no expression.
    """
    yield from _expression_nodes(_parser(spark).parseExpression(text))


def query_syntax(spark: SparkSession, text: str) -> Iterator[tuple[str, str]]:
    """Each node of the parsed query `text`, its expressions as `syntax` tells them.

    A node of the query itself is ("Plan", its kind), and beside it ("Relation", what it reads) or
    ("CommonTable", what `with` calls it).

    Raises:
        ParseException: it is no statement.
    """
    waiting = [_parser(spark).parsePlan(text)]
    while waiting:
        node = waiting.pop()
        kind = str(node.getClass().getSimpleName())
        yield "Plan", kind
        if kind == "UnresolvedRelation":
            yield "Relation", ".".join(map(str, members(node.multipartIdentifier())))
        for table in members(node.innerChildren()) if kind == "UnresolvedWith" else ():
            yield "CommonTable", str(table.alias())
        for expression in members(node.expressions()):
            yield from _expression_nodes(expression)
        for inner in (node.children(), node.innerChildren(), node.subqueries()):
            waiting.extend(members(inner))


def parse_query(spark: SparkSession, text: str) -> None:
    """Make sure that `text` is a query, and nothing that would change anything.

    Raises:
        ParseException: it is not.
    """
    _parser(spark).parseQuery(text)


def forget_view(spark: SparkSession, name: str) -> None:
    """Drop a temporary view; unlike the catalog's own way, leave what is cached of its frame."""
    spark._jsparkSession.sessionState().catalog().dropTempView(name)  # noqa: SLF001


def strangers(frame: DataFrame, known: Iterable[DataFrame]) -> tuple[str, ...]:
    """What `frame` reads that none of `known` reads, as Spark tells it."""
    ours = [leaf for one in known for leaf in _leaves(one)]
    return tuple(
        str(leaf.simpleString(_SHOWN))
        for leaf in _leaves(frame)
        if str(leaf.nodeName()) not in _MADE and not any(leaf.sameResult(one) for one in ours)
    )


def _leaves(frame: DataFrame) -> list[Any]:
    plan = analyzed(frame)
    plans = [plan, *members(plan.subqueriesAll())]
    return [leaf for one in plans for leaf in members(one.collectLeaves())]


def _expression_nodes(expression: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (of the JVM)
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        kind = str(node.getClass().getSimpleName())
        named = kind in ("UnresolvedFunction", "UnresolvedAttribute")
        yield kind, str(node.nameParts().last()) if named else ""
        waiting.extend(members(node.children()))


def _heard(spark: SparkSession) -> bool:
    """Wait for the news of what has ended; whether all came. While other jobs run, more may always come."""
    try:
        spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()  # noqa: SLF001
    except Py4JJavaError:
        return False
    return True


def members(found: Any) -> list[Any]:  # noqa: ANN401 (of the JVM)
    """What a Seq of the JVM holds."""
    return [found.apply(index) for index in range(found.size())]


def _parser(spark: SparkSession) -> Any:  # noqa: ANN401 (of the JVM)
    return spark._jsparkSession.sessionState().sqlParser()  # noqa: SLF001


def _group(run_id: str, job: str) -> str:
    return f"{run_id}/{job}"

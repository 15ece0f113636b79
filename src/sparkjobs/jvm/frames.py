"""What a frame is made of, as its plan tells it, and frames that only the JVM can make."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from sparkjobs.jvm.objects import java, members

_MADE = frozenset({"CTERelationRef", "LocalRelation", "OneRowRelation", "Range", "UnionLoopRef"})
"""Leaves of a plan that read nothing."""
_STOPS = frozenset({"GlobalLimit", "LocalLimit", "Offset", "Tail", "UnionLoop"})
"""Nodes of a plan that may stop before their input ends."""
_SHUFFLES = frozenset({"Aggregate", "Deduplicate", "Distinct", "Window"})
"""Nodes whose input Spark keeps in the files of a shuffle: what is read again is read from there."""
_SHOWN = 5
"""Columns that a leaf tells of itself."""


def loaded(spark: SparkSession, reader: DataFrameReader, paths: Iterable[str]) -> DataFrame:
    """What `reader` makes of files, handed over all at once; a list goes to the JVM one call per file."""
    split = java(spark, "java.util.regex.Pattern").compile("\0").split("\0".join(paths))
    return DataFrame(reader._jreader.load(split), spark)  # noqa: SLF001


def no_rows(spark: SparkSession, schema: StructType) -> DataFrame:
    """The columns of `schema`, and no row; an empty list would be read by Python workers, started for it."""
    columns = java(spark, "org.apache.spark.sql.types.DataType").fromJson(schema.json())
    empty = java(spark, "java.util.ArrayList")()
    return DataFrame(spark._jsparkSession.createDataFrame(empty, columns), spark)  # noqa: SLF001


def json_rows(spark: SparkSession, rows: Iterable[Mapping[str, object]], schema: StructType) -> DataFrame:
    """The few `rows` in the columns of `schema`, as Spark reads them from JSON; no Python worker does."""
    texts = [json.dumps(row, ensure_ascii=False) for row in rows]
    encoder = java(spark, "org.apache.spark.sql.Encoders").STRING()
    lines = DataFrame(spark._jsparkSession.createDataset(texts, encoder).toDF(), spark)  # noqa: SLF001
    return lines.select(F.from_json("value", schema).alias("row")).select("row.*")


def in_session(spark: SparkSession, frame: DataFrame) -> DataFrame:
    """`frame` as one of the session `spark`, whose settings and observations hold for it then."""
    if frame.sparkSession is spark:
        return frame
    # a plan of its own: Spark notes on the plan which frames it is the plan of
    plan = analyzed(frame.select("*"))
    rows = java(spark, "org.apache.spark.sql.classic.Dataset").ofRows(spark._jsparkSession, plan)  # noqa: SLF001
    return DataFrame(rows, spark)


def forget_view(spark: SparkSession, name: str) -> None:
    """Drop a temporary view; unlike the catalog's own way, leave what is cached of its frame."""
    spark._jsparkSession.sessionState().catalog().dropTempView(name)  # noqa: SLF001


def analyzed(frame: DataFrame) -> Any:  # noqa: ANN401 (of the JVM)
    """The plan of `frame` as it was written down."""
    return frame._jdf.queryExecution().analyzed()  # noqa: SLF001


def analyzed_json(frame: DataFrame) -> str:
    """The same, written out; literals stand in it as they are."""
    return str(analyzed(frame).toJSON())


def planned(frame: DataFrame, *, delta_files: bool) -> Any:  # noqa: ANN401 (of the JVM)
    """How Spark would execute `frame`, all of it decided beforehand; nothing of it is executed.

    `delta_files`: with the files that Delta would take, which it asks its log by Spark jobs of its own.
    """
    session = frame.sparkSession._jsparkSession.cloneSession()  # noqa: SLF001
    session.conf().set("spark.sql.adaptive.enabled", "false")
    session.conf().set("spark.databricks.delta.stats.skipping", str(delta_files).lower())
    mode = java(frame.sparkSession, "org.apache.spark.sql.execution.CommandExecutionMode").SKIP()
    return session.sessionState().executePlan(analyzed(frame), mode)


def reads_once(frame: DataFrame) -> bool:
    """Whether each row comes past the observations below `frame` exactly once, as far as its plan tells.

    A limit stops early, and EXISTS looks at one row. To sort all rows, to part them by ranges or to number
    them Spark reads them once before; a join without keys goes over one side again and again.
    """
    plan = analyzed(frame)
    if plan.subqueriesAll().size() > 0:
        return False
    waiting = [(plan, False)]
    while waiting:
        node, again = waiting.pop()
        name = str(node.nodeName())
        again = name not in _SHUFFLES and (again or _goes_over_again(frame.sparkSession, name, node))
        if name in _STOPS or (again and name == "CollectMetrics"):
            return False
        waiting.extend((child, again) for child in members(node.children()))
    return True


def _goes_over_again(spark: SparkSession, name: str, node: Any) -> bool:  # noqa: ANN401 (of the JVM)
    match name:
        case "AsOfJoin" | "AttachDistributedSequence" | "NearestByJoin":
            return True
        case "Join":
            keys = java(spark, "org.apache.spark.sql.catalyst.planning.ExtractEquiJoinKeys")
            return not keys.unapply(node).isDefined()
        case "RepartitionByExpression":
            return str(node.partitioning()).startswith("rangepartitioning")
        case "Sort":
            return bool(getattr(node, "global")())
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


def at_its_source(spark: SparkSession, condition: Any, plan: Any) -> Any | None:  # noqa: ANN401 (of the JVM)
    """`condition` over the columns of the table below `plan`; None where `plan` makes its own."""
    rule = java(spark, "org.apache.spark.sql.catalyst.optimizer.PushPredicateThroughNonJoin")
    found = rule.findExpressionAndTrackLineageDown(condition, plan)
    return found.get()._1() if found.isDefined() else None  # noqa: SLF001 (of a pair)

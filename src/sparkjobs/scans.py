"""The scans of a frame: what Spark would read for it, and by which filters. Nothing is executed."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlparse

from pyspark.sql import DataFrame

from sparkjobs import jvm
from sparkjobs.config.references import scrubbed
from sparkjobs.figures import IdleFilter, Scan
from sparkjobs.jvm import members

_OWN: Final = "_sparkjobs"
_ROW_BY_ROW: Final = frozenset(
    {"CollectMetrics", "Filter", "Generate", "Project", "RepartitionByExpression", "Sort"}
)
"""What a condition on a column of the one relation below could have been asked before."""


def scans(frame: DataFrame) -> tuple[Scan, ...]:
    """Every scan of files that reading all of `frame` would take."""
    plan = jvm.planned(frame, delta_files=True).executedPlan()
    return tuple(_scan(node) for node in _nodes(plan, caches=True) if _kind(node) == "FileSourceScanExec")


def idle_filters(frame: DataFrame) -> tuple[IdleFilter, ...]:
    """Conditions on partition columns by which no scan of `frame` leaves a partition out.

    Only where it is certain: the rows that are asked come from one table that is not cached, and the column
    has its name still.
    """
    analyzed = jvm.analyzed(frame)
    by = {name for leaf in members(analyzed.collectLeaves()) for name in _partition_columns(leaf)}
    if not any(by & _names(one.condition()) for one in _filters(analyzed)):
        return ()
    plan = jvm.planned(frame, delta_files=False)
    whole = {
        column: node.relation()
        for node in _nodes(plan.executedPlan())
        if _kind(node) == "FileSourceScanExec" and node.partitionFilters().isEmpty()
        for column, name in _columns(node.output())
        if name in _partition_columns(node)
    }
    return tuple(
        IdleFilter(_path(relation), tuple(relation.partitionSchema().names()), scrubbed(str(condition.sql())))
        for node in _filters(plan.optimizedPlan())
        for condition in (_conjuncts(node.condition()) if _row_by_row(node) else ())
        if (asked := jvm.at_its_source(frame.sparkSession, condition, node.child())) is not None
        for column, _ in _columns(asked.references().toSeq())
        if (relation := whole.get(column)) is not None
    )


def _scan(node: Any) -> Scan:  # noqa: ANN401 (of the JVM)
    relation = node.relation()
    listed = node.selectedPartitions()
    return Scan(
        path=_path(relation),
        partition_by=_partition_columns(node),
        partition_filters=_told(node.partitionFilters()),
        pushed_filters=tuple(scrubbed(str(one)) for one in members(node.pushedDownFilters())),
        data_filters=_told(node.dataFilters()),
        partitions=int(listed.partitionCount()),
        files=int(listed.totalNumberOfFiles()),
    )


def _told(expressions: Any) -> tuple[str, ...]:  # noqa: ANN401 (a Seq of the JVM)
    """As SQL; a function may compare with a param that is a secret."""
    return tuple(scrubbed(str(one.sql())) for one in members(expressions))


def _nodes(plan: Any, *, caches: bool = False) -> Iterator[Any]:  # noqa: ANN401 (of the JVM)
    """All nodes of a plan and of its subqueries, and where it is asked of the caches that it reads."""
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [*members(node.children()), *members(node.subqueries())]
        if caches and _kind(node) == "InMemoryTableScanExec":
            waiting.append(node.relation().cachedPlan())


def _filters(plan: Any) -> Iterator[Any]:  # noqa: ANN401 (of the JVM)
    return (node for node in _nodes(plan) if _kind(node) == "Filter")


def _row_by_row(node: Any) -> bool:  # noqa: ANN401 (of the JVM)
    """Whether each row below `node` comes from one row of one table."""
    while members(node.children()):
        if _kind(node) not in _ROW_BY_ROW:
            return False
        node = node.child()
    return True


def _conjuncts(condition: Any) -> Iterator[Any]:  # noqa: ANN401 (of the JVM)
    """What all has to be true, but for what the optimizer and the contract have added."""
    if _kind(condition) == "And":
        yield from _conjuncts(condition.left())
        yield from _conjuncts(condition.right())
    elif _kind(condition) != "IsNotNull" and not any(one.startswith(_OWN) for one in _names(condition)):
        yield condition


def _names(expression: Any) -> set[str]:  # noqa: ANN401 (of the JVM)
    return {name for _, name in _columns(expression.references().toSeq())}


def _columns(attributes: Any) -> list[tuple[int, str]]:  # noqa: ANN401 (a Seq of the JVM)
    """Spark's number of each column, which stays when it is renamed, and its name."""
    return [(int(one.exprId().id()), str(one.name())) for one in members(attributes)]


def _partition_columns(node: Any) -> tuple[str, ...]:  # noqa: ANN401 (of the JVM)
    if _kind(node) not in ("LogicalRelation", "FileSourceScanExec"):
        return ()
    relation = node.relation()
    kinds = (relation.getClass(), relation.getClass().getSuperclass())  # Delta's has a class without a name
    files = any(str(one.getSimpleName()) == "HadoopFsRelation" for one in kinds)
    return tuple(relation.partitionSchema().names()) if files else ()


def _path(relation: Any) -> str:  # noqa: ANN401 (of the JVM)
    return unquote(urlparse(str(relation.location().rootPaths().head())).path)


def _kind(thing: Any) -> str:  # noqa: ANN401 (of the JVM)
    return str(thing.getClass().getSimpleName())

"""The columns of all tables: each job is asked what it makes of empty inputs, and nothing is executed.

An input has the columns that the walk has just found for it, so that nothing needs to be published.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkjobs import jvm, session
from sparkjobs.config import Conf, Scd2Output
from sparkjobs.errors import SparkjobsError
from sparkjobs.lineage.columns import found_in
from sparkjobs.lineage.known import UnknownColumnsError, published_schema, source_schema
from sparkjobs.lineage.model import Column, Lineage, Node, Table
from sparkjobs.lineage.nodes import UnknownPlanError
from sparkjobs.lineage.plans import tag
from sparkjobs.lineage.publishing import published
from sparkjobs.lineage.tables import inputs_in, model_of, output_of, tables_of
from sparkjobs.plan.decide import drafted
from sparkjobs.plan.graph import function_name
from sparkjobs.publish.history import versions_of
from sparkjobs.query import asked
from sparkjobs.registry import Registry
from sparkjobs.transform import transform


@dataclass(frozen=True, slots=True)
class _Walk:
    """What stays the same on the way, and the columns that were found so far."""

    spark: SparkSession
    conf: Conf
    registry: Registry
    schemas: dict[Node, StructType] = field(default_factory=dict)
    group: str = field(default_factory=lambda: f"lineage-{token_hex(4)}")


def columns_of(
    start: Callable[[Conf], SparkSession],
    conf: Conf,
    registry: Registry,
    only: Collection[Node] | None = None,
) -> Lineage:
    """The tables of `conf` with their columns, as Spark analyses the jobs; where `only` is given, these.

    Of a table whose columns cannot be found it says why, and the others are found all the same.

    Raises:
        ConfigError: jobs read each other in a circle.
        SetupError: Spark does not start.
    """
    lineage = tables_of(conf)
    walk = _Walk(start(conf), conf, registry)
    chosen = [table for table in lineage.tables if only is None or table.node in only]
    return Lineage(tuple(_table(walk, table) for table in chosen))


def _table(walk: _Walk, table: Table) -> Table:
    node = table.node
    try:
        if node.kind == "source":
            walk.schemas[node] = schema = source_schema(walk.conf, node.name)
            return replace(table, columns=_bare(schema))
        inputs = dict(inputs_in(walk.conf, node))
        result = (_of_view if node.kind == "view" else _of_job)(walk, node, _empty(walk, inputs))
        columns, rows = published(output_of(walk.conf, node), *found_in(result, inputs))
        walk.schemas[node] = _table_schema(walk, node, result.schema)
        return replace(table, columns=columns, rows=rows)
    except (UnknownColumnsError, UnknownPlanError) as error:
        why = str(error)
    except SparkjobsError as error:
        why = str(error).splitlines()[0]
    except (PySparkException, Py4JError) as error:
        why = session.root_cause(error)
    known = published_schema(walk.conf, node.name) if node.kind == "job" else None
    if known is not None:
        walk.schemas[node] = known
    return replace(table, columns=_bare(known) if known else (), unknown=why)


def _bare(schema: StructType) -> tuple[Column, ...]:
    return tuple(Column(one.name, one.dataType.simpleString(), ()) for one in schema)


def _empty(walk: _Walk, inputs: Mapping[str, Node]) -> dict[str, DataFrame]:
    """Each input without a row, known by its tag."""
    if missing := sorted({node.name for node in inputs.values() if node not in walk.schemas}):
        raise UnknownColumnsError(f"it reads {', '.join(missing)}, whose columns are not known")
    # of a list: to look at rows is a job then, by which a function that does is known
    return {
        name: walk.spark.createDataFrame([], walk.schemas[node]).alias(tag(name))
        for name, node in inputs.items()
    }


def _of_job(walk: _Walk, node: Node, frames: dict[str, DataFrame]) -> DataFrame:
    body = walk.conf.jobs[node.name]
    function = walk.registry.jobs[function_name(node.name, body)]
    jvm.label(walk.spark, walk.group, node.name)
    # secrets stay references: what they are does not matter to columns
    job = drafted(walk.conf, node.name, function, (), ())
    result = transform(walk.spark, job, frames, dict(body.params))
    if jvm.acted(walk.spark, walk.group, node.name):
        raise UnknownColumnsError(
            "its function has Spark execute something, so rows may decide on its columns"
        )
    return result


def _of_view(walk: _Walk, node: Node, frames: dict[str, DataFrame]) -> DataFrame:
    model = model_of(walk.conf, node)
    if model is None:
        raise UnknownColumnsError("no job reads it")
    return asked(walk.spark, node.name, model, model.sql, frames)


def _table_schema(walk: _Walk, node: Node, result: StructType) -> StructType:
    """The schema of the table, which may have more columns than the result."""
    output = output_of(walk.conf, node)
    if isinstance(output, Scd2Output) and output.sequence_by in result.names:
        return versions_of(result, output)
    return result

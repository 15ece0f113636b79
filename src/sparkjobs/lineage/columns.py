"""The columns of one frame, and the tables and columns that they are made of."""

from collections.abc import Mapping

from pyspark.sql import DataFrame

from sparkjobs import jvm
from sparkjobs.lineage.model import Column, Node, Origin
from sparkjobs.lineage.nodes import UnknownPlanError
from sparkjobs.lineage.origins import Origins, together
from sparkjobs.lineage.plans import columns_in


def found_in(result: DataFrame, inputs: Mapping[str, Node]) -> tuple[tuple[Column, ...], tuple[Origin, ...]]:
    """The columns of `result`, and what decides on its rows; `inputs` tells what was tagged in its plan.

    Raises:
        UnknownPlanError: of a node or column nobody knows where it comes from.
    """
    found = columns_in(jvm.analyzed_json(result))
    names = tuple(one.name for one in found.outputs)
    if names != tuple(result.columns):
        raise UnknownPlanError(f"its plan tells of other columns ({', '.join(names)})")
    columns = tuple(
        Column(of.name, of.dataType.simpleString(), _origins(one.origins, inputs))
        for one, of in zip(found.outputs, result.schema, strict=True)
    )
    return columns, _origins(found.rows, inputs)


def _origins(origins: Origins, inputs: Mapping[str, Node]) -> tuple[Origin, ...]:
    by_node = [
        {(inputs[name].kind + ":" + inputs[name].name, column): how}
        for (name, column), how in origins.items()
    ]
    nodes = {f"{node.kind}:{node.name}": node for node in inputs.values()}
    return tuple(
        sorted(Origin(nodes[node], column, how) for (node, column), how in together(by_node).items())
    )

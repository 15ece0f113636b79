"""Which tables each table is made of, as conf says it. No session, no job's code."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from sparkjobs.config import Conf
from sparkjobs.config.models import Input
from sparkjobs.errors import ConfigError
from sparkjobs.lineage.model import Lineage, Node, Table
from sparkjobs.plan.graph import function_name
from sparkjobs.sql_models import Model


def tables_of(conf: Conf) -> Lineage:
    """All sources, views and jobs of `conf`, each after what it reads; of columns nothing.

    What only checks read is no part of a table.

    Raises:
        ConfigError: jobs read each other in a circle.
    """
    reads = {
        **{Node("source", name): () for name in conf.sources},
        **{Node("view", name): tuple(_of_view(conf, name)) for name in conf.views},
        **{Node("job", name): tuple(_of_job(conf, name)) for name in conf.jobs},
    }
    sorter = TopologicalSorter({node: sorted(reads[node]) for node in sorted(reads)})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(node.name for node in reversed(error.args[1]))
        raise ConfigError((f"conf/jobs:1:1: jobs in a circle: {circle}",)) from error
    tables: list[Table] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        tables += [Table(node, reads.get(node, ())) for node in ready]
        sorter.done(*ready)
    return Lineage(tuple(tables))


def node_of(conf: Conf, one: Input) -> Node:
    """What the input `one` names."""
    if one.source is not None:
        return Node("source", one.source)
    return Node("view" if one.ref in conf.views else "job", str(one.ref))


def inputs_of(conf: Conf, job: str) -> Iterator[tuple[str, Node]]:
    """The inputs of `job` as its function gets them, views among them, and what each of them is."""
    inputs, views = conf.jobs[job].inputs, conf.inlined.get(job, ())
    checked = {name for name, one in inputs.items() if one.for_checks}
    within = {name for view in views for name in view.tables.values()}
    for name, one in inputs.items():
        if name not in within | checked:
            yield name, node_of(conf, one)
    for view in views:
        if view.name not in within and not set(view.tables.values()) & checked:
            yield view.name, Node("view", view.model.name)


def inputs_in(conf: Conf, node: Node) -> Iterator[tuple[str, Node]]:
    """The same, of a job or a view."""
    if node.kind == "job":
        yield from inputs_of(conf, node.name)
    else:
        yield from ((name, node_of(conf, one)) for name, one in conf.views[node.name].inputs.items())


def model_of(conf: Conf, node: Node) -> Model | None:
    """The query of a job or view; None where it is a function, or a view that no job reads."""
    if node.kind == "job":
        return conf.models.get(function_name(node.name, conf.jobs[node.name]))
    views = (view.model for views in conf.inlined.values() for view in views)
    return next((model for model in views if model.name == node.name), None)


def _of_job(conf: Conf, job: str) -> Iterator[Node]:
    return _once(node for _, node in inputs_of(conf, job))


def _of_view(conf: Conf, view: str) -> Iterator[Node]:
    return _once(node_of(conf, one) for one in conf.views[view].inputs.values())


def _once(nodes: Iterator[Node]) -> Iterator[Node]:
    return iter(dict.fromkeys(nodes))

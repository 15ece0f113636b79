"""Views: queries that are no tables. A job that reads one reads its inputs, and makes its rows itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sparkjobs.config.materialized import VIEW
from sparkjobs.config.node import MistakeError, Node, members
from sparkjobs.sql_models import Model, View

_TAKES = frozenset({"columns", "description", "inputs", "output", "params", "tags"})
_OR = {"checks": ", or say them in the contract of its source"}


def apart(tree: Node, models: Mapping[str, object], mistakes: list[str]) -> Node:
    """`tree` with its views in a section of their own; what only a table can have is added to `mistakes`."""
    jobs, views = dict(members(tree, "jobs")), dict[str, Node]()
    for name in models:
        conf = members(jobs[name])
        if "output" not in conf or conf["output"].value != VIEW:
            continue
        node = jobs.pop(name)
        mistakes += [
            f"{node.keys[key]}: {name} is a view, which has no {key!r}; make it a table{_OR.get(key, '')}"
            for key in sorted(conf.keys() - _TAKES)
        ]
        views[name] = Node({key: one for key, one in conf.items() if key != "output"}, node.mark, node.keys)
    section = members(tree)["jobs"]
    whole = {
        **members(tree),
        "jobs": Node(jobs, section.mark, section.keys),
        "views": Node(views, section.mark, {name: node.mark for name, node in views.items()}),
    }
    return Node(whole, tree.mark, {**tree.keys, "views": section.mark})


def inlined(
    tree: Node, models: Mapping[str, Model], mistakes: list[str]
) -> tuple[Node, Mapping[str, tuple[View, ...]]]:
    """`tree` with the inputs of views in the place of views, and the views that each job makes of them."""
    used: dict[str, tuple[View, ...]] = {}
    for job, conf in members(tree, "jobs").items():
        inputs = members(conf).get("inputs")
        views: list[View] = []
        expansion = _Expansion(tree, models, views)
        try:
            found = [one for name in members(inputs) for one in _inputs(expansion, inputs, name, conf)]
        except MistakeError as mistake:
            mistakes.append(str(mistake))
            continue
        names = [name for name, _ in found]
        mistakes += [
            f"{node.mark}: two inputs are called {name!r}; rename one"
            for index, (name, node) in enumerate(found)
            if name in names[:index]
        ]
        if views and inputs:
            marks = {name: node.mark for name, node in found}
            whole = Node(
                {**members(conf), "inputs": Node(dict(found), inputs.mark, marks)}, conf.mark, conf.keys
            )
            tree = _with_job(tree, job, whole)
            used[job] = tuple(views)
    return tree, used


@dataclass(frozen=True, slots=True)
class _Expansion:
    """The views of one job as they are found, those first that others read."""

    tree: Node
    models: Mapping[str, Model]
    views: list[View]

    def of(self, name: str, entry: Node, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Node]]:
        """The inputs for which `entry`, the input called `name`, stands."""
        ref = members(entry).get("ref")
        view = str(ref.value) if ref else ""
        if view not in members(self.tree, "views"):
            yield name, entry
            return
        if view in above:
            raise MistakeError(entry.mark, f"views in a circle: {' → '.join((*above, view))}")
        more = {key: node for key, node in members(entry).items() if key != "ref"}
        inputs = members(self.tree, "views", view, "inputs")
        for table, one in inputs.items():
            inner = Node({**members(one), **more}, entry.mark, one.keys)
            yield from self.of(f"{name}__{table}", inner, (*above, view))
        self.views.append(View(name, self.models[view], {table: f"{name}__{table}" for table in inputs}))


def _inputs(expansion: _Expansion, inputs: Node | None, name: str, conf: Node) -> Iterator[tuple[str, Node]]:
    entry = members(inputs)[name]
    found = list(expansion.of(name, entry))
    lookup = any((node := members(entry).get(key)) and node.value is True for key in ("lookup", "for_checks"))
    if found != [(name, entry)] and "incremental" in members(conf) and not lookup:
        problem = f"{name!r} is a view, of which no part can be taken: say `lookup: true`, or make it a table"
        raise MistakeError(entry.mark, problem)
    return iter(found)


def _with_job(tree: Node, job: str, conf: Node) -> Node:
    jobs = members(tree)["jobs"]
    whole = {**members(tree), "jobs": Node({**members(jobs), job: conf}, jobs.mark, jobs.keys)}
    return Node(whole, tree.mark, tree.keys)

"""The columns of a frame, and what they are made of, from Spark's analysed plan. No session.

Inputs are known by the alias that `tag` gives them; what lies below it is not looked at.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from sparkjobs.lineage.nodes import (
    Found,
    Node,
    Nodes,
    Output,
    Scope,
    UnknownPlanError,
    kind_of,
    lists_in,
    number_of,
    root_of,
    tree,
)
from sparkjobs.lineage.origins import Origins, made, together

_TAG: Final = "_sparkjobs_input_"


def tag(name: str) -> str:
    """The alias by which the input `name` is known in a plan."""
    return f"{_TAG}{name}"


def columns_in(plan: str) -> Found:
    """The columns of the analysed `plan`; their origins are inputs' names and their columns.

    Raises:
        UnknownPlanError: of a node or column nobody knows where it comes from.
    """
    try:
        return _found(tree(json.loads(plan)), Scope())
    except RecursionError:
        raise UnknownPlanError("its plan is too deep") from None


def _found(node: Node, scope: Scope) -> Found:
    if node.kind == "SubqueryAlias" and str(node.fields["identifier"]["name"]).startswith(_TAG):
        return _input(node, scope)
    if handler := _HANDLERS.get(node.kind):
        return handler(node, scope)
    if isinstance(node.fields.get("output"), list):
        return _opaque(node, scope)
    raise UnknownPlanError(f"nobody knows what {node.kind} does to columns")


def _input(node: Node, scope: Scope) -> Found:
    name = str(node.fields["identifier"]["name"]).removeprefix(_TAG)
    inner = _found(node.children[0], scope)
    return Found(tuple(replace(one, origins={(name, one.name): "same"}) for one in inner.outputs))


def _opaque(node: Node, scope: Scope) -> Found:
    """A leaf that is no input, or a node that says what it hands on and not how it is made."""
    below = [_found(child, scope) for child in node.children]
    every = made(together(one.origins for part in below for one in part.outputs))
    known = _environment(below)
    outputs = tuple(
        Output(number_of(one), one["name"], known.get(number_of(one), every))
        for one in map(root_of, lists_in(node.fields["output"]))
    )
    asked = together(_mentioned(one, known, scope) for one in _expressions(node, but="output"))
    return Found(outputs, together([*(one.rows for one in below), asked]))


def _passed(node: Node, scope: Scope) -> Found:
    return _found(node.children[-1], scope)


def _project(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(below, outputs=tuple(_named(node, "projectList", [below], scope)))


def _aggregate(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    keys = _mention(node, "groupingExpressions", [below], scope)
    outputs = tuple(_named(node, "aggregateExpressions", [below], scope))
    return Found(outputs, together([below.rows, keys]))


def _filter(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(below, rows=together([below.rows, _mention(node, "condition", [below], scope)]))


def _deduplicate(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(below, rows=together([below.rows, _mention(node, "keys", [below], scope)]))


def _distinct(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(below, rows=together([below.rows, *(one.origins for one in below.outputs)]))


def _sort(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(below, order=_mention(node, "order", [below], scope))


def _limit(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(below, rows=together([below.rows, below.order]))


def _join(node: Node, scope: Scope) -> Found:
    sides = [_found(child, scope) for child in node.children]
    kind = str(node.fields.get("joinType"))
    parts = sides[:1] if "LeftSemi" in kind or "LeftAnti" in kind else sides
    asked = together(_mentioned(one, _environment(sides), scope) for one in _expressions(node))
    rows = together([*(one.rows for one in sides), asked])
    return Found(tuple(one for part in parts for one in part.outputs), rows)


def _lateral(node: Node, scope: Scope) -> Found:
    left = _found(node.children[0], scope)
    subquery = root_of(next(lists_in(node.fields["right"])))
    within = replace(scope, outer={**scope.outer, **_environment([left])})
    right = _found(tree(next(lists_in(subquery["plan"]))), within)
    asked = _mention(node, "condition", [left, right], scope)
    return Found((*left.outputs, *right.outputs), together([left.rows, right.rows, asked]))


def _window(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    return replace(
        below, outputs=(*below.outputs, *_named(node, "windowExpressions", [below], scope)), order={}
    )


def _generate(node: Node, scope: Scope) -> Found:
    below = _found(node.children[0], scope)
    of = made(_mention(node, "generator", [below], scope))
    spare = set(node.fields.get("unrequiredChildIndex") or ())
    kept = [one for index, one in enumerate(below.outputs) if index not in spare]
    given = [root_of(one) for one in lists_in(node.fields["generatorOutput"])]
    new = [Output(number_of(one), one["name"], of) for one in given]
    return replace(below, outputs=(*kept, *new), rows=together([below.rows, of]))


def _union(node: Node, scope: Scope) -> Found:
    parts = [_found(child, scope) for child in node.children]
    rows = together(one.rows for one in parts)
    return Found(tuple(_beside(parts)), rows)


def _set_operation(node: Node, scope: Scope) -> Found:
    """The rows of the left side, chosen by comparing them with those of the right."""
    sides = [_found(child, scope) for child in node.children]
    compared = (one.origins for part in sides for one in part.outputs)
    return Found(sides[0].outputs, together([*(one.rows for one in sides), *compared]))


def _expand(node: Node, scope: Scope) -> Found:
    """Several rows of each. Where Spark does not say how, what is new is made of what is not handed on."""
    below = _found(node.children[0], scope)
    known = _environment([below])
    given = [root_of(one) for one in lists_in(node.fields["output"])]
    numbers = {number_of(one) for one in given}
    spare = made(together(one.origins for one in below.outputs if one.number not in numbers))
    ways = [list(lists_in(way)) for way in node.fields.get("projections") or ()]
    outputs = tuple(
        Output(
            number_of(one),
            one["name"],
            together(_value(way[index], known, scope) for way in ways)
            if ways
            else known.get(number_of(one), spare),
        )
        for index, one in enumerate(given)
    )
    return replace(below, outputs=outputs, order={})


def _with(node: Node, scope: Scope) -> Found:
    for one in node.children[:-1]:
        scope.tables[int(one.fields["id"])] = _found(one, scope)
    return _found(node.children[-1], scope)


def _reference(node: Node, scope: Scope) -> Found:
    number = int(node.fields["cteId"] if "cteId" in node.fields else node.fields["loopId"])
    if number not in scope.tables:
        raise UnknownPlanError(f"it reads a common table before that is made ({node.kind})")
    return _renumbered(scope.tables[number], map(root_of, lists_in(node.fields["output"])))


def _loop(node: Node, scope: Scope) -> Found:
    """A recursive query: what it adds is made of what it has, so it is looked at until nothing is new."""
    number = int(node.fields["id"])
    numbers = [int(one["id"]) for one in node.fields["outputAttrIds"]]
    given = _found(node.children[0], scope)
    so_far = replace(
        given,
        outputs=tuple(replace(one, number=own) for one, own in zip(given.outputs, numbers, strict=True)),
    )
    while scope.tables.get(number) != so_far:
        scope.tables[number] = so_far
        more = _found(node.children[1], scope)
        so_far = Found(tuple(_beside([so_far, more])), together([so_far.rows, more.rows]))
    return so_far


def _renumbered(found: Found, attributes: Iterable[Mapping[str, Any]]) -> Found:
    pairs = zip(found.outputs, attributes, strict=True)
    return replace(found, outputs=tuple(replace(one, number=number_of(own)) for one, own in pairs))


def _beside(parts: list[Found]) -> Iterator[Output]:
    """The columns of parts that are put below each other, with the numbers of the first."""
    for several in zip(*(part.outputs for part in parts), strict=True):
        yield replace(several[0], origins=together(one.origins for one in several))


def _named(node: Node, name: str, below: list[Found], scope: Scope) -> Iterator[Output]:
    if not isinstance(node.fields.get(name), list):
        raise UnknownPlanError(f"Spark does not tell the columns of {node.kind}")
    known = _environment(below)
    for expression in lists_in(node.fields[name]):
        root = root_of(expression)
        yield Output(number_of(root), root["name"], _value(expression, known, scope))


def _mention(node: Node, name: str, below: list[Found], scope: Scope) -> Origins:
    known = _environment(below)
    return together(_mentioned(one, known, scope) for one in lists_in(node.fields.get(name)))


def _environment(below: Iterable[Found]) -> dict[int, Origins]:
    return {one.number: one.origins for part in below for one in part.outputs}


def _expressions(node: Node, but: str = "") -> Iterator[Nodes]:
    return (one for name, value in node.fields.items() if name != but for one in lists_in(value))


def _value(expression: Nodes, known: Mapping[int, Origins], scope: Scope) -> Origins:
    """What `expression` is made of; a column that is only renamed stays what it is."""
    place = 0
    while kind_of(expression[place]) == "Alias":
        place += 1
    inner = _mentioned(expression[place:], known, scope)
    return inner if kind_of(expression[place]) in ("AttributeReference", "OuterReference") else made(inner)


def _mentioned(expression: Nodes, known: Mapping[int, Origins], scope: Scope) -> Origins:
    """The origins of all columns that `expression` names."""
    found: list[Origins] = []
    for one in expression:
        if kind_of(one) == "AttributeReference":
            found.append(_of(one, known, scope))
            continue
        inners = (inner for name, value in one.items() if name != "plan" for inner in lists_in(value))
        found.extend(_mentioned(inner, known, scope) for inner in inners)
        for plan in lists_in(one.get("plan")):
            within = replace(scope, outer={**scope.outer, **known})
            asked = _found(tree(plan), within)
            outputs = () if kind_of(one) == "Exists" else asked.outputs
            found += [made(asked.rows), *(made(output.origins) for output in outputs)]
    return together(found)


def _of(attribute: Mapping[str, Any], known: Mapping[int, Origins], scope: Scope) -> Origins:
    number = number_of(attribute)
    for place in (known, scope.outer):
        if number in place:
            return place[number]
    raise UnknownPlanError(f"nobody knows where the column {attribute['name']} comes from")


_HANDLERS: Final[Mapping[str, Callable[[Node, Scope], Found]]] = {
    **dict.fromkeys(
        (
            *("CTERelationDef", "CollectMetrics", "RebalancePartitions", "Repartition"),
            *("RepartitionByExpression", "ResolvedHint", "Sample", "SubqueryAlias", "View"),
        ),
        _passed,
    ),
    **dict.fromkeys(("GlobalLimit", "LocalLimit", "Offset"), _limit),
    **dict.fromkeys(("Except", "Intersect"), _set_operation),
    **dict.fromkeys(("CTERelationRef", "UnionLoopRef"), _reference),
    "Aggregate": _aggregate,
    "Deduplicate": _deduplicate,
    "Distinct": _distinct,
    "Expand": _expand,
    "Filter": _filter,
    "Generate": _generate,
    "Join": _join,
    "LateralJoin": _lateral,
    "Project": _project,
    "Sort": _sort,
    "Union": _union,
    "UnionLoop": _loop,
    "Window": _window,
    "WithCTE": _with,
}

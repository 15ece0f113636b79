"""Lineage in the formats of other programs: JSON, Mermaid, Graphviz. Any name may stand in any of them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sparkjobs.lineage.follow import Place, Reached
from sparkjobs.lineage.model import Lineage, Node, Origin, Table
from sparkjobs.lineage.picture import ROWS, Box, Picture

SCHEMA_VERSION: Final = 1
_ROWS: Final = "\0"
"""What no column is called: the line of a table's rows."""
_DRAWN: Final = {"reads": "-->", "same": "-->", "made": "-.->", "rows": "-.->"}
_STYLES: Final = {"reads": "solid", "same": "solid", "made": "dashed", "rows": "dotted"}
_SHAPES: Final = {"source": ("[(", ")]"), "job": ("[", "]"), "view": ("(", ")")}
_FORMS: Final = {"source": "cylinder", "job": "box", "view": "ellipse"}


def as_json(lineage: Lineage) -> str:
    """All tables, each after those that it reads."""
    tables = [_table(table) for table in lineage.tables]
    return _written({"schema_version": SCHEMA_VERSION, "tables": tables})


def reached_as_json(start: Place, way: str, found: Iterable[Reached]) -> str:
    """What following the column `start` has led to, what is nearest first; `column` is null for the rows."""
    reached = [
        {**_node(one.place.node), "column": one.place.column or None, "how": one.how, "steps": one.steps}
        for one in found
    ]
    told = {**_node(start.node), "column": start.column}
    return _written({"schema_version": SCHEMA_VERSION, "start": told, "way": way, "reached": reached})


def as_mermaid(picture: Picture) -> str:
    """A flowchart, as Markdown on GitHub and GitLab draws it."""
    ids = _ids(picture)
    lines = ["flowchart LR"]
    for box in picture.boxes:
        label = _mermaid(box.node.name)
        if not _members(box):
            opening, closing = _SHAPES[box.node.kind]
            lines.append(f'  {ids[Place(box.node)]}{opening}"{label}"{closing}')
            continue
        lines.append(f'  subgraph {ids[Place(box.node)]}["{label}"]')
        lines += [f'    {ids[place]}["{_mermaid(name)}"]' for place, name in _members(box)]
        lines.append("  end")
    lines += [f"  {_end(ids, one.start)} {_DRAWN[one.how]} {_end(ids, one.end)}" for one in picture.arrows]
    return "\n".join(lines) + "\n"


def as_dot(picture: Picture) -> str:
    """A digraph for Graphviz."""
    ids = _ids(picture)
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for box in picture.boxes:
        if not _members(box):
            form = _FORMS[box.node.kind]
            lines.append(f"  {ids[Place(box.node)]} [label={_quoted(box.node.name)}, shape={form}];")
            continue
        lines += [f"  subgraph cluster_{ids[Place(box.node)]} {{", f"    label={_quoted(box.node.name)};"]
        lines += [f"    {ids[place]} [label={_quoted(name)}, shape=box];" for place, name in _members(box)]
        lines.append("  }")
    lines += [
        f"  {_end(ids, one.start)} -> {_end(ids, one.end)} [style={_STYLES[one.how]}];"
        for one in picture.arrows
    ]
    return "\n".join([*lines, "}"]) + "\n"


def _table(table: Table) -> Mapping[str, Any]:
    columns = [
        {"name": one.name, "type": one.type, "origins": [_origin(of) for of in one.origins]}
        for one in table.columns
    ]
    reads = [_node(one) for one in table.reads]
    rows = [_origin(one) for one in table.rows]
    return {**_node(table.node), "reads": reads, "columns": columns, "rows": rows, "unknown": table.unknown}


def _node(node: Node) -> dict[str, Any]:
    return {"kind": node.kind, "name": node.name}


def _origin(origin: Origin) -> dict[str, Any]:
    return {**_node(origin.node), "column": origin.column, "how": origin.how}


def _written(told: Mapping[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _members(box: Box) -> list[tuple[Place, str]]:
    """The lines in a box, and what they say."""
    found = [(Place(box.node, name), name) for name in box.lines]
    return [*found, (Place(box.node, _ROWS), ROWS)] if box.has_rows else found


def _ids(picture: Picture) -> Mapping[Place, str]:
    """Names that are good anywhere, for boxes and for what stands in them."""
    found: dict[Place, str] = {}
    for index, box in enumerate(picture.boxes):
        found[Place(box.node)] = f"t{index}"
        for number, (place, _) in enumerate(_members(box)):
            found[place] = f"t{index}c{number}"
    return found


def _end(ids: Mapping[Place, str], place: Place) -> str:
    """Where an arrow begins or ends: at a column, at the rows where these are shown, or else at the box."""
    rows = Place(place.node, _ROWS)
    return ids[rows] if not place.column and rows in ids else ids[place]


def _mermaid(text: str) -> str:
    """Whatever is no letter, digit, blank or `_.-` by its number, so that none of it is syntax."""
    return "".join(one if one.isalnum() or one in " _.-" else f"#{ord(one)};" for one in text)


def _quoted(text: str) -> str:
    """A string of DOT, with nothing in it that would end it or be an escape of its own."""
    return '"' + "".join(_escaped(text)) + '"'


def _escaped(text: str) -> Iterator[str]:
    for one in text:
        if one in '"\\':
            yield f"\\{one}"
        else:
            yield one if one.isprintable() else "�"

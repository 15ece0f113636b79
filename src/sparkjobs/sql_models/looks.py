"""A look into SQL without Spark: that it is one query, which tables it reads, which parameters it has.

What is refused here could not be planned. Spark parses and analyses the text once more before it runs.
"""

import logging
from collections.abc import Iterator, Mapping
from itertools import pairwise

from sqlglot import TokenType, exp, parse, tokenize
from sqlglot.errors import ParseError, TokenError

from sparkjobs.sql_models.model import FlawError, Looked, Place

_ROWS = frozenset(
    (
        *("explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode"),
        *("posexplode_outer", "range", "stack", "variant_explode", "variant_explode_outer"),
    )
)
"""Functions that stand where a table may, and make their rows of their arguments alone."""


def looked_into(text: str) -> Looked:
    """What the query `text` asks for.

    Raises:
        FlawError: it is not one query, or reads what is not a table by its bare name.
    """
    query = _query(text)
    tables: dict[str, Place] = {}
    hidden: dict[str, Place] = {}
    for table in query.find_all(exp.Table):
        if table.find_ancestor(exp.Hint):
            continue
        name = _name(table, text)
        if name and name.casefold() not in _common(table):
            tables.setdefault(name, _place(table.this, text))
        elif name and table.this.quoted:
            hidden.setdefault(name, _place(table.this, text))
    _refuse(query, text)
    markers: dict[str, Place] = {}
    written = _markers(text) if query.find(exp.Placeholder) else {}
    for marker in query.find_all(exp.Placeholder):
        if not marker.this:
            raise FlawError(*_after(text[: text.find("?")]), "a parameter has a name, as in :least")
        markers.setdefault(marker.name, written.get(marker.name, (1, 1)))
    return Looked(tables, hidden, markers, query.find(exp.Group) is not None)


def _refuse(query: exp.Expr, text: str) -> None:
    """Refuse what reads or runs what no name in a FROM tells of."""
    if program := query.find(exp.QueryTransform):
        raise FlawError(*_place(program, text), "TRANSFORM … USING runs a program; a query only selects")
    for common in query.find_all(exp.CTE):
        if not isinstance(common.this, exp.Query | exp.Values):
            raise FlawError(*_place(common, text), "what `with` names is no query: write SELECT or VALUES")
    for lateral in query.find_all(exp.Lateral):
        if not isinstance(lateral.this, exp.Query | exp.Values):
            _refuse_function(lateral.this, _place(lateral, text))


def _refuse_function(function: exp.Expr, place: Place) -> None:
    """Refuse a function that stands for a table and may make its rows of anything."""
    name = function.name if isinstance(function, exp.Anonymous) else function.key
    if name.lower() not in _ROWS:
        raise FlawError(*place, f"{name}() could read anything; name an input")


def _markers(text: str) -> Mapping[str, Place]:
    """Where each `:name` stands first, comments and texts aside."""
    found: dict[str, Place] = {}
    for colon, name in pairwise(tokenize(text, dialect="spark")):
        if colon.token_type is TokenType.COLON and name.start == colon.end + 1:
            found.setdefault(name.text, _after(text[: colon.start]))
    return found


def _query(text: str) -> exp.Expr:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # of a command it also warns
    try:
        found = [one for one in parse(text, dialect="spark") if one and not isinstance(one, exp.Semicolon)]
    except ParseError as error:
        first = error.errors[0]
        line, end, word = int(first["line"]), int(first["col"]), str(first["highlight"])
        raise FlawError(line, max(end - len(word) + 1, 1), f"{first['description']}, at {word!r}") from error
    except TokenError as error:
        told = str(error.__cause__ or error).partition(" from ")[0]
        raise FlawError(*_after(text.rstrip()), f"the end comes too early: {told}") from error
    except (
        Exception
    ) as error:  # of a parser that is not ours: it has asserted, counted wrong, run out of stack
        told = "sqlglot cannot read it, so that its inputs are not known; say it otherwise, or in Python"
        raise FlawError(1, 1, f"{told} ({type(error).__name__})") from error
    if len(found) != 1:
        place = _place(found[1], text) if found else (1, 1)
        raise FlawError(*place, f"a file holds one query; this one holds {len(found) or 'none'}")
    if not isinstance(found[0], exp.Query | exp.Values):
        raise FlawError(*_place(found[0], text), "it is not a query: it begins with SELECT, WITH or VALUES")
    return found[0]


def _name(table: exp.Table, text: str) -> str:
    """What `table` is called; empty where it is no table, but rows that a function makes.

    Raises:
        FlawError: it is not a bare name.
    """
    if not isinstance(table.this, exp.Identifier):
        _refuse_function(table.this, _place(table, text))
        return ""
    if table.db:
        told = ".".join(part.name for part in table.parts)
        raise FlawError(
            *_place(table.parts[0], text), f"{told!r} is no input: a table is named without a dot or path"
        )
    return table.name


def _common(node: exp.Expr) -> Iterator[str]:
    """The common tables that `node` sees, by their folded names."""
    child, parent = node, node.parent
    while parent is not None:
        if isinstance(parent, exp.With):
            before = list(parent.expressions)
            place = next(index for index, one in enumerate(before) if one is child)
            seen = before[: place + bool(parent.recursive)]
            yield from (one.alias.casefold() for one in seen)
            # what stands around WITH sees all of its tables, but its own tables come here from within
            child, parent = parent.parent or parent, (parent.parent or parent).parent
            continue
        if within := parent.args.get("with_"):
            yield from (one.alias.casefold() for one in within.expressions)
        child, parent = parent, parent.parent


def _place(node: exp.Expr, text: str) -> Place:
    """Where the first word of `node` stands, or else the text begins."""
    starts = [one.meta["start"] for one in node.walk() if "start" in one.meta]
    return _after(text[: min(starts)]) if starts else (1, 1)


def _after(before: str) -> Place:
    return before.count("\n") + 1, len(before) - before.rfind("\n")

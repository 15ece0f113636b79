"""What Spark's parser makes of a text; nothing is looked up."""

from collections.abc import Iterator
from typing import Any

from pyspark.sql import SparkSession

from sparkjobs.jvm.objects import members


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


def _expression_nodes(expression: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 (of the JVM)
    waiting = [expression]
    while waiting:
        node = waiting.pop()
        kind = str(node.getClass().getSimpleName())
        named = kind in ("UnresolvedFunction", "UnresolvedAttribute")
        yield kind, str(node.nameParts().last()) if named else ""
        waiting.extend(members(node.children()))


def _parser(spark: SparkSession) -> Any:  # noqa: ANN401 (of the JVM)
    return spark._jsparkSession.sessionState().sqlParser()  # noqa: SLF001

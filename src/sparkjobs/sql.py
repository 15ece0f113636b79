"""Where untrusted text meets Spark SQL: quoted names, typed literals, checked conditions.

Also the names of the columns that travel beside a source's rows until the contract has judged them.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from secrets import token_hex
from typing import Final

from pyspark.errors import AnalysisException, ParseException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.config import Conf
from sparkjobs.errors import ConfigError
from sparkjobs.jvm import forget_view, query_syntax, syntax
from sparkjobs.plan import RunPlan, SourceInput
from sparkjobs.sql_models.values import escaped, identifier

IN: Final = "_sparkjobs_in"
"""A struct of each declared column as it came, text where the format has no types; the source's null values
are null."""
RAW: Final = "_sparkjobs_raw"
"""The record as it lies in the source."""
FILE: Final = "_sparkjobs_file"
COLUMNS: Final = "_sparkjobs_columns"
"""The columns of the record's file, as a JSON list; null where the record tells them itself."""
DAMAGE: Final = "_sparkjobs_damage"
"""Why the record cannot be trusted as a whole; null when it can."""
HEADER: Final = "header"
"""The damage of a header line, which is no row."""

_REFUSED_NODES = frozenset(
    {
        "Alias",
        "Exists",
        "ExpressionWithUnresolvedIdentifier",
        "InSubquery",
        "ListQuery",
        "ScalarSubquery",
        "UnresolvedStar",
        "UnresolvedWindowExpression",
        "WindowExpression",
    }
)
_WITHOUT_BRACKETS = frozenset(
    (
        *("current_date", "current_timestamp", "current_time", "localtimestamp"),
        *("current_user", "session_user", "current_catalog", "current_database", "current_schema"),
    )
)
"""Functions that SQL lets stand like a column; Spark resolves them so where no column has the name."""
CALLS_OUT: Final = frozenset({"java_method", "reflect", "try_reflect", "ai_query", "http_request"})
"""Functions that call Java, or reach out of Spark."""
_REFUSED_FUNCTIONS = (_WITHOUT_BRACKETS | CALLS_OUT) | frozenset(
    (
        # they answer differently when asked again
        *("rand", "random", "randn", "randstr", "uniform", "uuid", "shuffle", "aes_encrypt"),
        *("now", "curdate", "unix_timestamp", "monotonically_increasing_id", "spark_partition_id"),
        *("input_file_name", "input_file_block_start", "input_file_block_length"),
        # they tell of the session, not of the row
        *("user", "version"),
    )
)
_SELECTS = frozenset(
    (
        *("Aggregate", "Distinct", "Except", "Filter", "GlobalLimit", "Intersect", "Join", "LocalLimit"),
        *("LocalRelation", "Offset", "OneRowRelation", "PipeOperator", "Project", "Sort", "SubqueryAlias"),
        *("Union", "UnresolvedHaving", "UnresolvedRelation", "UnresolvedSubqueryColumnAliases"),
        *("UnresolvedWith", "WithWindowDefinition"),
    )
)
"""What a query may be made of."""
WHOLE_NUMBERS: Final = frozenset({"tinyint", "smallint", "int", "bigint"})
"""Types that compare with each other to the digit."""
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
_WORD = re.compile(r"(\w+)(\s*\()?")


def quoted(name: str) -> str:
    """`name` as one SQL identifier, whatever it holds."""
    return identifier(name)


def text(value: str | None) -> str:
    """`value` as one SQL literal, whatever it holds."""
    return "NULL" if value is None else f"'{escaped(value)}'"


def column(name: str) -> Column:
    """The column called exactly `name`."""
    return F.col(quoted(name))


def incoming(name: str) -> Column:
    """The declared column `name` as it came."""
    return F.col(f"{IN}.{quoted(name)}")


def nulled(value: Column, texts: Sequence[str]) -> Column:
    """`value`, null where it is written as one of `texts`."""
    return F.when(~value.cast("string").isin(*texts), value) if texts else value


def literal(value: str | float, kind: str) -> Column:
    """`value` from conf as a literal that compares with Spark type `kind`, numbers to the digit."""
    if kind in WHOLE_NUMBERS or kind.startswith("decimal"):
        return F.lit(Decimal(str(value)))
    return F.lit(str(value)).cast(kind)


def condition(spark: SparkSession, text: str) -> Column:
    """The SQL condition `text`: columns, literals and pure functions, nothing else.

    Raises:
        ValueError: it is not a condition, or does more than look at its row.
    """
    try:
        for node, name in syntax(spark, text):
            if node in _REFUSED_NODES:
                raise ValueError(f"{text!r}: a condition may not hold a subquery, window, star or alias")
            _refuse_impure(text, node, name)
    except ParseException as error:
        raise ValueError(
            f"{text!r} is not a SQL condition: {error.getMessage() or error}".splitlines()[0]
        ) from error
    return F.expr(text)


def _refuse_impure(text: str, node: str, name: str) -> None:
    if "Identifier" in node:
        raise ValueError(f"{text!r}: IDENTIFIER() could name anything")
    refused = {"UnresolvedAttribute": _WITHOUT_BRACKETS, "UnresolvedFunction": _REFUSED_FUNCTIONS}
    if name.lower() in refused.get(node, ()):
        raise ValueError(f"{text!r}: {name}() is not a function of the row alone")


def selection(spark: SparkSession, text: str, frames: Mapping[str, DataFrame]) -> DataFrame:
    """What the SELECT `text` says, in which {name} stands for the rows of one of `frames`.

    Raises:
        ValueError: it does more than select from these, with pure functions.
    """
    views = {name: f"_sparkjobs_{token_hex(4)}_{name}" for name in frames}
    query = re.sub(r"\{(\w+)\}", lambda found: views.get(found[1], found[0]), text)
    try:
        _refuse_more(text, list(query_syntax(spark, query)), frozenset(views.values()))
        for name, view in views.items():
            frames[name].createOrReplaceTempView(view)
        return spark.sql(query)
    except (ParseException, AnalysisException) as error:
        raise ValueError(f"{text!r}: {str(error.getMessage() or error).splitlines()[0]}") from error
    finally:
        for view in views.values():
            forget_view(spark, view)


def _refuse_more(text: str, nodes: list[tuple[str, str]], views: frozenset[str]) -> None:
    """Refuse a query that reads anything else, or does more than select."""
    for node, name in nodes:
        if node == "Plan" and name not in _SELECTS:
            raise ValueError(f"{text!r}: a query may only select; {name} is more")
        _refuse_impure(text, node, name)
    if beyond := read_beyond(nodes, views):
        raise ValueError(f"{text!r}: it reads {beyond!r}; write an input as {{name}}, the rows as {{rows}}")


def read_beyond(nodes: Collection[tuple[str, str]], known: Iterable[str]) -> str | None:
    """The first table that a query of these `nodes` reads and that is neither `known` nor its own."""
    # a name with a dot could be taken for the path of a file, which Spark would read
    own = (name for node, name in nodes if node == "CommonTable" and "." not in name)
    names = {name.casefold() for name in (*known, *own)}
    return next((name for node, name in nodes if node == "Relation" and name.casefold() not in names), None)


def refused_word(text: str) -> str | None:
    """The word for which `condition` would refuse `text`, as far as that can be told without Spark."""
    for word, bracket in _WORD.findall(_QUOTED.sub(" ", text)):
        name = word.lower()
        if name == "select" or name in (_REFUSED_FUNCTIONS if bracket else _WITHOUT_BRACKETS):
            return str(word)
        if name == "over" and bracket:
            return str(word)
    return None


def refuse_expressions(spark: SparkSession, conf: Conf, plan: RunPlan) -> None:
    """Look at every SQL expression in the conf of `plan` before anything runs.

    Raises:
        ConfigError: one of them is not a condition on one row.
    """
    places: dict[tuple[str | int, ...], str] = {}
    for job in plan.jobs:
        for check in job.checks:
            here = ("jobs", job.name, "checks", job.conf.checks.index(check.conf))
            places |= {(*here, check.conf.kind, key): text for key, text in check.conditions}
        for one in (one for one in job.inputs if isinstance(one, SourceInput)):
            for rule in one.rules:
                here = ("sources", one.source, "rules", one.conf.rules.index(rule.conf))
                places |= {(*here, rule.conf.kind, key): text for key, text in rule.conditions}
    mistakes: dict[str, None] = {}
    for location, text in places.items():
        try:
            condition(spark, text)
        except ValueError as error:
            mistakes[f"{conf.at(*location)}: {error}"] = None
    if mistakes:
        raise ConfigError(tuple(mistakes))

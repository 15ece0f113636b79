"""Where untrusted text meets Spark SQL: quoted names, typed literals, checked conditions.

Also the names of the columns that travel beside a source's rows until the contract has judged them.
"""

from typing import Final

from pyspark.errors import ParseException
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from sparkjobs.session import syntax

IN: Final = "_sparkjobs_in"
"""A struct of each declared column as it came: text where the format has no types."""
RAW: Final = "_sparkjobs_raw"
"""The record as it lies in the source."""
FILE: Final = "_sparkjobs_file"
DAMAGE: Final = "_sparkjobs_damage"
"""Why the record cannot be trusted as a whole; null when it can."""
HEADER: Final = "header"
"""The damage of a header line, which is no row."""

_REFUSED_NODES = frozenset(
    {
        "Alias",
        "Exists",
        "InSubquery",
        "ListQuery",
        "ScalarSubquery",
        "UnresolvedStar",
        "UnresolvedSubqueryColumnAliases",
    }
)
_REFUSED_FUNCTIONS = frozenset(
    (
        # they call Java, or reach out of Spark
        *("java_method", "reflect", "try_reflect", "ai_query", "http_request"),
        # they answer differently when asked again
        *("rand", "random", "randn", "randstr", "uniform", "uuid", "shuffle"),
        *(
            "now",
            "curdate",
            "current_date",
            "current_timestamp",
            "current_time",
            "localtimestamp",
            "unix_timestamp",
        ),
        *("monotonically_increasing_id", "spark_partition_id"),
        *("input_file_name", "input_file_block_start", "input_file_block_length"),
        # they tell of the session, not of the row
        *(
            "current_user",
            "user",
            "session_user",
            "current_catalog",
            "current_database",
            "current_schema",
            "version",
        ),
    )
)


def quoted(name: str) -> str:
    """`name` as one SQL identifier, whatever it holds."""
    return "`" + name.replace("`", "``") + "`"


def column(name: str) -> Column:
    """The column called exactly `name`."""
    return F.col(quoted(name))


def incoming(name: str) -> Column:
    """The declared column `name` as it came."""
    return column(IN).getField(name)


def literal(value: str | float, kind: str) -> Column:
    """`value` from conf as a literal of Spark type `kind`, decimals to the digit."""
    return F.lit(str(value)).cast(kind)


def condition(spark: SparkSession, text: str) -> Column:
    """The SQL condition `text`: columns, literals and pure functions, nothing else.

    Raises:
        ValueError: it is not a condition, or does more than look at its row.
    """
    try:
        for node, name in syntax(spark, text):
            if node in _REFUSED_NODES:
                raise ValueError(f"{text!r}: a condition may not hold a subquery, star or alias")
            if name.lower() in _REFUSED_FUNCTIONS:
                raise ValueError(f"{text!r}: {name}() is not a function of the row alone")
    except ParseException as error:
        raise ValueError(
            f"{text!r} is not a SQL condition: {error.getMessage() or error}".splitlines()[0]
        ) from error
    return F.expr(text)

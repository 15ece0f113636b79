"""Formats in which a line is a record: JSON lines and plain text."""

from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.config.sources import JsonSource, TextSource
from sparkjobs.jvm import loaded
from sparkjobs.plan import SourceInput
from sparkjobs.read.incoming import Incoming, bytewise, incoming_columns, nothing, paths
from sparkjobs.sql import column, nulled, quoted

_OBJECTS = "_sparkjobs_objects"


def read_json(spark: SparkSession, planned: SourceInput, conf: JsonSource, root: Path) -> Incoming:
    """One record per line that holds exactly one JSON object; a key that is absent is null.

    Every value stays text. Spark's reader drops what follows a first object on the same line, so the
    line is parsed as the only element of an array and as the only member of an object: nothing that
    follows it can fit into both.
    """
    if not planned.groups:
        return Incoming(nothing(spark, conf.columns), 0)
    lines = _lines(spark, planned, root).filter(F.trim("value") != "")
    return Incoming(parsed_objects(lines, conf), 0)


def parsed_objects(lines: DataFrame, conf: JsonSource) -> DataFrame:
    """The rows of `lines`: `value`, a text, and `_metadata`."""
    fields = ", ".join(f"{quoted(name)}: string" for name in conf.columns)
    wrapped = F.concat(F.lit("["), F.col("value"), F.lit("]"))
    objects = F.from_json(wrapped, f"array<struct<{fields}>>").alias(_OBJECTS)
    first = F.get(F.col(_OBJECTS), 0)
    values = [nulled(first.getField(name), conf.options.null_values).alias(name) for name in conf.columns]
    return lines.select("value", "_metadata", objects).select(
        *incoming_columns(values, _raw(), _json_damage(conf))
    )


def _json_damage(conf: JsonSource) -> Column:
    keys = F.json_object_keys("value")
    member = F.from_json(F.concat(F.lit('{"x":'), F.col("value"), F.lit("}")), "x string").getField("x")
    damage = (
        F.when(~F.is_valid_utf8("value"), "not_utf8")
        .when(
            keys.isNull() | member.isNull() | F.col(_OBJECTS).isNull() | (F.size(_OBJECTS) != 1),
            "not_one_object",
        )
        .when(F.size(F.array_distinct(keys)) != F.size(keys), "duplicate_key")
    )
    if conf.on_extra_columns == "ignore":
        return damage
    declared = F.array(*[F.lit(name) for name in conf.columns])
    return damage.when(F.size(F.array_except(keys, declared)) > 0, "undeclared_key")


def read_text(spark: SparkSession, planned: SourceInput, conf: TextSource, root: Path) -> Incoming:
    """One record per line, blank ones too."""
    if not planned.groups:
        return Incoming(nothing(spark, conf.columns), 0)
    return Incoming(parsed_texts(_lines(spark, planned, root)), 0)


def parsed_texts(lines: DataFrame) -> DataFrame:
    """The rows of `lines`: `value`, a text, and `_metadata`."""
    damage = F.when(~F.is_valid_utf8("value"), "not_utf8")
    return lines.select(*incoming_columns([column("value")], _raw(), damage))


def _raw() -> Column:
    """The line; one that is not UTF-8 with a character for each byte, so that none of them is lost."""
    return F.when(F.is_valid_utf8("value"), F.col("value")).otherwise(bytewise(F.col("value")))


def _lines(spark: SparkSession, planned: SourceInput, root: Path) -> DataFrame:
    lines = loaded(spark, spark.read.format("text"), paths(planned.files, root))
    return lines.select("value", "_metadata")

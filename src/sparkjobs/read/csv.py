"""CSV without losing a row: Spark's own reader cuts, pads and swallows without a word.

Each line is kept beside what was parsed from it, every value stays text, columns are bound by the
file's own header. A line is damaged when it is not in the declared encoding, has an unclosed quote, a NUL
beside quotes, or another number of fields than its header. A blank line is no row.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.config import CsvSource
from sparkjobs.config.sources import CsvOptions
from sparkjobs.jvm import loaded
from sparkjobs.plan import FileGroup, SourceInput
from sparkjobs.read.incoming import Incoming, bytewise, incoming_columns, listed, nothing, paths
from sparkjobs.sql import HEADER, column, nulled, quoted
from sparkjobs.union import together

LINE: Final = "_sparkjobs_line"
_PARSED = "_sparkjobs_parsed"
VALID: Final = "_sparkjobs_valid"
_QUOTES = "_sparkjobs_quotes"
_CORRUPT = "_sparkjobs_corrupt"
_MAX_CELL = 1_000_000


def read_csv(spark: SparkSession, planned: SourceInput, conf: CsvSource, root: Path) -> Incoming:
    """The records of the pinned files; reads lines, unless cells may hold line breaks."""
    if not planned.groups:
        return Incoming(nothing(spark, conf.columns), 0)
    read = _records if conf.options.multi_line else _lines
    rows = together([read(spark, group, conf, root) for group in planned.groups])
    with_header_lines = conf.options.header and not conf.options.multi_line
    return Incoming(rows, len(planned.files) if with_header_lines else 0)


def _lines(spark: SparkSession, group: FileGroup, conf: CsvSource, root: Path) -> DataFrame:
    lines = loaded(spark, spark.read.format("text"), paths(group.files, root)).select(
        _decoded(conf.options).alias(LINE), _valid(conf.options).alias(VALID), "_metadata"
    )
    return parsed_lines(lines.filter(F.trim(LINE) != ""), group, conf)


def parsed_lines(lines: DataFrame, group: FileGroup, conf: CsvSource) -> DataFrame:
    """The rows of `lines`: LINE, VALID (whether it is in the declared encoding) and `_metadata`."""
    # the parser takes one null value by itself, and what is empty for it
    own, *others = conf.options.null_values or ("",)
    dialect = _dialect(conf.options) | {"nullValue": own, "emptyValue": own}
    parsed = F.from_csv(F.col(LINE), _schema(group), dialect).alias(_PARSED)
    values = [_value(name, group, f"{_PARSED}.", others) for name in conf.columns]
    damage = _line_damage(group, conf.options)
    quotes = _quotes(conf.options).alias(_QUOTES)
    return lines.select(LINE, VALID, parsed, quotes, "_metadata").select(
        *incoming_columns(values, _raw(), damage, listed(group.columns))
    )


def _unescaped(options: CsvOptions) -> Column:
    """The line without what its escape character makes a part of a value."""
    line = F.col(LINE)
    return line if options.escape == options.quote else F.regexp_replace(line, rf"\Q{options.escape}\E.", "")


def _quotes(options: CsvOptions) -> Column:
    """How many quotes the line has; splitting at a character is Java's fastest way to find them all."""
    return F.size(F.split(_unescaped(options), re.escape(options.quote))) - 1


def _line_damage(group: FileGroup, options: CsvOptions) -> Column:
    line, quotes = F.col(LINE), F.col(_QUOTES)
    # between quotes the parser swallows a NUL
    nul = F.contains(line, F.lit(options.quote)) & F.contains(line, F.lit("\0"))
    corrupt = F.col(f"{_PARSED}.{_CORRUPT}").isNotNull()
    damage = F.when(~F.col(VALID), "not_utf8").otherwise(
        F.when(quotes % 2 == 1, "unclosed_quote")
        .when(nul, "nul_beside_quotes")
        .when(corrupt, _field_count(group, options))
    )
    if not options.header:
        return damage
    headers = [F.lit(group.header), F.lit("\ufeff" + group.header)]
    return F.when(line.isin(*headers), HEADER).otherwise(damage)


def _field_count(group: FileGroup, options: CsvOptions) -> Column:
    """Whether a corrupt line has too few or too many fields, delimiters in quotes not counted."""
    quote = f"\\Q{options.quote}\\E"
    bare = F.regexp_replace(_unescaped(options), F.lit(f"{quote}[^{quote}]*{quote}"), F.lit(""))
    delimiters = (F.length(bare) - F.length(F.replace(bare, F.lit(options.delimiter), F.lit("")))) / len(
        options.delimiter
    )
    expected = len(group.columns) - 1
    return (
        F.when(delimiters < expected, "too_few_fields")
        .when(delimiters > expected, "too_many_fields")
        .otherwise("malformed")
    )


def _records(spark: SparkSession, group: FileGroup, conf: CsvSource, root: Path) -> DataFrame:
    """Records that may span lines, by Spark's reader; the plan has refused files with an unclosed quote."""
    options = conf.options
    reader = spark.read.schema(_schema(group)).options(
        **_dialect(options),
        header=options.header,
        enforceSchema=False,
        multiLine=True,
        columnPruning=False,
        encoding=options.encoding,
        maxCharsPerColumn=_MAX_CELL,
    )
    corrupt = F.col(_CORRUPT)
    values = [_value(name, group, "", conf.options.null_values) for name in conf.columns]
    text = F.to_csv(
        F.struct(*map(column, group.columns)),
        {
            "sep": options.delimiter,
            "quote": options.quote,
            "escape": options.escape,
            "ignoreLeadingWhiteSpace": "false",
            "ignoreTrailingWhiteSpace": "false",
        },
    )
    raw = F.coalesce(corrupt, text)
    damage = F.when(raw.contains("\ufffd"), "not_utf8").when(corrupt.isNotNull(), "malformed")
    told = incoming_columns(values, raw, damage, listed(group.columns))
    return loaded(spark, reader.format("csv"), paths(group.files, root)).select(*told)


def _schema(group: FileGroup) -> str:
    return ", ".join(f"{quoted(name)} string" for name in (*group.columns, _CORRUPT))


def _dialect(options: CsvOptions) -> dict[str, str]:
    return {
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": _CORRUPT,
        "sep": options.delimiter,
        "quote": options.quote,
        "escape": options.escape,
    }


def _valid(options: CsvOptions) -> Column:
    return F.is_valid_utf8("value") if options.encoding == "utf-8" else F.lit(True)


def _raw() -> Column:
    """The line; one that is not UTF-8 with a character for each byte, so that none of them is lost."""
    return F.when(F.col(VALID), F.col(LINE)).otherwise(bytewise(F.col(LINE)))


def _decoded(options: CsvOptions) -> Column:
    if options.encoding == "utf-8":
        return F.col("value")
    return F.decode(F.col("value").cast("binary"), options.encoding.upper())


def _value(name: str, group: FileGroup, within: str, nulls: Sequence[str]) -> Column:
    """The text of the declared column `name`; null where the file does not have it, or has one of `nulls`."""
    found = F.col(within + quoted(name)) if name in group.columns else F.lit(None).cast("string")
    return nulled(found, nulls).alias(name)

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
from sparkjobs.read.incoming import Incoming, bytewise, incoming_columns, its_file, listed, nothing, paths
from sparkjobs.sql import FILE, HEADER, column, nulled, quoted
from sparkjobs.union import together

LINE: Final = "_sparkjobs_line"
_PARSED = "_sparkjobs_parsed"
_PIECES = "_sparkjobs_pieces"
"""What is before, between and behind the quotes of the line."""
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
    texts = loaded(spark, spark.read.format("text"), paths(group.files, root))
    lines = texts.select(_decoded(conf.options).alias(LINE)).filter(F.trim(LINE) != "")
    return parsed_lines(lines.select(LINE, its_file()), group, conf)


def parsed_lines(lines: DataFrame, group: FileGroup, conf: CsvSource) -> DataFrame:
    """The rows of `lines`: LINE and FILE."""
    # the parser takes one null value by itself, and what is empty for it
    own, *others = conf.options.null_values or ("",)
    dialect = _dialect(conf.options) | {"nullValue": own, "emptyValue": own}
    parsed = F.from_csv(F.col(LINE), _schema(group), dialect).alias(_PARSED)
    values = [_value(name, group, f"{_PARSED}.", others) for name in conf.columns]
    damage = _line_damage(group, conf.options)
    pieces = _split(F.col(LINE), conf.options).alias(_PIECES)
    return lines.select(LINE, FILE, parsed, pieces).select(
        *incoming_columns(values, _raw(conf.options), damage, listed(group.columns))
    )


def _split(line: Column, options: CsvOptions) -> Column:
    """`line` at its quotes; splitting at a character is Java's fastest way to find them all."""
    return F.split(line, re.escape(options.quote))


def _unescaped(options: CsvOptions) -> Column:
    """The line without what its escape character makes a part of a value."""
    line = F.col(LINE)
    return line if options.escape == options.quote else F.regexp_replace(line, rf"\Q{options.escape}\E.", "")


def _unclosed(options: CsvOptions) -> Column:
    """Whether the number of quotes is odd, so that of pieces even."""
    pieces = F.col(_PIECES) if options.escape == options.quote else _split(_unescaped(options), options)
    return F.size(pieces) % 2 == 0


def _line_damage(group: FileGroup, options: CsvOptions) -> Column:
    line = F.col(LINE)
    # between quotes the parser swallows a NUL
    nul = (F.size(_PIECES) > 1) & F.contains(line, F.lit("\0"))
    corrupt = F.col(f"{_PARSED}.{_CORRUPT}").isNotNull()
    damage = F.when(~_valid(options), "not_utf8").otherwise(
        F.when(_unclosed(options), "unclosed_quote")
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
    return loaded(spark, reader.format("csv"), paths(group.files, root)).select("*", its_file()).select(*told)


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
    """Whether the line is in its encoding: what is not UTF-8 comes out of its pieces as another text."""
    if options.encoding != "utf-8":
        return F.lit(True)
    return F.concat_ws(options.quote, _PIECES) == F.col(LINE)


def _raw(options: CsvOptions) -> Column:
    """The line; one that is not UTF-8 with a character for each byte, so that none of them is lost."""
    return F.when(_valid(options), F.col(LINE)).otherwise(bytewise(F.col(LINE)))


def _decoded(options: CsvOptions) -> Column:
    if options.encoding == "utf-8":
        return F.col("value")
    return F.decode(F.col("value").cast("binary"), options.encoding.upper())


def _value(name: str, group: FileGroup, within: str, nulls: Sequence[str]) -> Column:
    """The text of the declared column `name`; null where the file does not have it, or has one of `nulls`."""
    found = F.col(within + quoted(name)) if name in group.columns else F.lit(None).cast("string")
    return nulled(found, nulls).alias(name)

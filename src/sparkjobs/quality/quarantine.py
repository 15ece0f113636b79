"""The quarantine: rejected rows as compressed JSON lines, in force with the commit of their manifest.

One line per rejected row: job, input, source, contract (a fingerprint of its rules), file, columns (of that
file, where the record does not tell them), reasons [{rule, column, value}], raw (the record as it lies in the
source), fingerprint (SHA-256 of raw), manifest, run_id.
"""

from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sparkjobs.config import Source
from sparkjobs.quality.contract import Contracted
from sparkjobs.sql import COLUMNS, DAMAGE, FILE, HEADER, RAW, column
from sparkjobs.state.durable import sync
from sparkjobs.state.fingerprint import fingerprint
from sparkjobs.state.quarantine import lines

_TOLD = (FILE, COLUMNS, RAW, DAMAGE, "reasons")


@dataclass(frozen=True, slots=True)
class Rejected:
    """Who rejects: what every line of the quarantine says of its run."""

    job: str
    input: str
    manifest: int
    run_id: str


def quarantine(contracted: Contracted, rejected: Rejected, folder: Path) -> int:
    """Write the bad rows of `contracted` to `folder`; how many lines are there, by counting them."""
    rows = _bad(contracted).select(
        F.lit(rejected.job).alias("job"),
        F.lit(rejected.input).alias("input"),
        F.lit(contracted.planned.source).alias("source"),
        F.lit(_rules(contracted.planned.conf)).alias("contract"),
        column(FILE).alias("file"),
        F.from_json(column(COLUMNS), "array<string>").alias("columns"),
        column("reasons"),
        column(RAW).alias("raw"),
        F.sha2(column(RAW).cast("binary"), 256).alias("fingerprint"),
        F.lit(rejected.manifest).alias("manifest"),
        F.lit(rejected.run_id).alias("run_id"),
    )
    rows.write.mode("overwrite").option("compression", "gzip").json(str(folder))
    for path in (*folder.glob("*.json.gz"), folder):
        sync(path)
    return sum(1 for _ in lines(folder))


def _rules(conf: Source) -> str:
    """Which rules these are: those of another contract have another name."""
    texts = {"columns", "rules", "unique"}
    return fingerprint(conf.model_dump_json(include=texts).encode())


def _bad(contracted: Contracted) -> DataFrame:
    rejected = contracted.rejected().select(*map(column, _TOLD))
    return _without_first_headers(rejected) if contracted.headers else rejected


def _without_first_headers(rejected: DataFrame) -> DataFrame:
    """A header line in the middle of a file is a bad row; the first of each file is none.

    Equal rows are counted and told as often again: a second look at the headers would be a second scan.
    """
    repeated = F.array(
        F.struct(F.lit("repeated_header").alias("rule"), _nothing("column"), _nothing("value"))
    )
    first = F.when(_is_header(), 2).otherwise(1)
    same = [column(name) for name in _TOLD]
    copies = rejected.groupBy(*same).count()
    return (
        copies.filter(F.col("count") >= first)
        .withColumn("copy", F.explode(F.sequence(first.cast("bigint"), "count")))
        .select(
            *same[:-1],
            F.when(_is_header(), repeated).otherwise(column("reasons")).alias("reasons"),
        )
    )


def _is_header() -> Column:
    return column(DAMAGE).eqNullSafe(F.lit(HEADER))


def _nothing(name: str) -> Column:
    return F.lit(None).cast("string").alias(name)

"""200,000 lines, seven kinds of damage at 1 % each: every row is in one place, with the right reason."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql import SparkSession

from sparkjobs.quality import Rejected, settle
from sparkjobs.state.quarantine import lines
from tests.spark.inputs import opened

ROWS = 200_000
BODY = """
format: csv
path: in/*.csv
columns:
  id: {type: int, not_null: true}
  key: {type: string, not_null: true}
  day: {type: date, not_null: true}
  amount: {type: "decimal(10,2)", not_null: true}
  grade: {type: int, between: [1, 5]}
  note: string
bad_rows: {max_share: 0.08}
"""
DAMAGE = {
    1: ("too_few_fields", "{id},k{id},2013-01-05,1.50,3"),
    2: ("too_many_fields", "{id},k{id},2013-01-05,1.50,3,n,surplus"),
    3: ("type decimal(10,2)", "{id},k{id},2013-01-05,1x,3,n"),
    4: ("type date", "{id},k{id},2013-02-30,1.50,3,n"),
    5: ("between 1 and 5", "{id},k{id},2013-01-05,1.50,6,n"),
    6: ("not_null", "{id},,2013-01-05,1.50,3,n"),
    7: ("unclosed_quote", '{id},k{id},2013-01-05,1.50,3,"open'),
}
GOOD = "{id},k{id},2013-01-05,1.50,3,n"


def corpus() -> Iterator[tuple[int, str | None, str]]:
    """(id, reason or None, line) for every row; in each hundred rows seven are broken."""
    for number in range(ROWS):
        reason, template = DAMAGE.get(number % 100, (None, GOOD))
        yield number, reason, template.format(id=number)


def test_every_row_is_in_the_table_or_in_the_quarantine_with_its_reason(
    spark: SparkSession, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    header = "id,key,day,amount,grade,note\n"
    written = list(corpus())
    for part in range(4):
        text = "".join(f"{line}\n" for _, _, line in written[part::4])
        (tmp_path / "in" / f"{part}.csv").write_text(header + text)

    contracted = opened(spark, tmp_path, BODY)
    contracted.valid.write.parquet(str(tmp_path / "good"))
    ledger = settle(spark, contracted, Rejected("job", "rows", 1, "run"), tmp_path / "bad")

    good = [row.id for row in spark.read.parquet(str(tmp_path / "good")).select("id").collect()]
    bad = [json.loads(line) for line in lines(tmp_path / "bad")]
    assert (ledger.read, ledger.valid, ledger.quarantined) == (200_000, 186_000, 14_000)
    assert sorted(good) == [number for number, reason, _ in written if reason is None]
    found = sorted((record["raw"], [reason["rule"] for reason in record["reasons"]]) for record in bad)
    assert found == sorted((line, [reason]) for _, reason, line in written if reason is not None)
    assert Counter(reason["rule"] for record in bad for reason in record["reasons"]) == {
        "too_few_fields": 2000,
        "too_many_fields": 2000,
        "type decimal(10,2)": 2000,
        "type date": 2000,
        "between 1 and 5": 2000,
        "not_null": 2000,
        "unclosed_quote": 2000,
    }

"""The verb `lineage`: what it tells, and that it starts no JVM where it need not."""

from pathlib import Path

from tests.unit.test_cli import DEMO, sparkjobs
from tests.unit.test_lineage import written_in_sql

SHOP = str(DEMO / "examples/shop")


def test_tables_are_told_without_a_jvm() -> None:
    done = sparkjobs("lineage", "--project", str(DEMO))

    assert done.returncode == 0
    assert done.stdout.splitlines()[-6:] == [
        "airport_hourly   job     ← stg_flights, stg_weather, airports",
        "carrier_daily    job     ← stg_flights, airlines",
        "route_delays     job     ← stg_flights, airports",
        "departures       view    ← stg_flights",
        "late_departures  job     ← departures",
        "worst_days       job     ← carrier_daily",
    ]
    assert "JVM False" in done.stderr


def test_selected_jobs_are_told_with_what_they_read_or_all_on_the_way() -> None:
    near = sparkjobs("lineage", "worst_days", "--project", str(DEMO))
    up = sparkjobs("lineage", "worst_days", "--up", "--project", str(DEMO))
    down = sparkjobs("lineage", "stg_weather", "--down", "--project", str(DEMO))

    assert [line.split()[0] for line in near.stdout.splitlines()] == ["carrier_daily", "worst_days"]
    assert [line.split()[0] for line in up.stdout.splitlines()] == [
        *("airlines", "flights", "stg_flights", "carrier_daily", "worst_days")
    ]
    assert [line.split()[0] for line in down.stdout.splitlines()] == ["stg_weather", "airport_hourly"]


def test_a_column_of_sql_is_followed_without_a_jvm() -> None:
    done = sparkjobs("lineage", "--column", "stg_payments.AMOUNT", "--down", "--static", "--project", SHOP)

    assert done.stdout.splitlines() == [
        "stg_payments.amount leads to",
        "  1  customers.customer_lifetime_value  made",
        "  1  orders.amount                      made",
        "  1  orders.bank_transfer_amount        made",
        "  1  orders.coupon_amount               made",
        "  1  orders.credit_card_amount          made",
        "  1  orders.gift_card_amount            made",
        "  1  payments.amount                    same",
    ]
    assert done.stderr.splitlines() == [
        "warning  customer_segments: its columns are not known: a function: only Spark knows its columns",
        "pyspark imported, JVM False",
    ]


def test_every_format_is_written(tmp_path: Path) -> None:
    written_in_sql(tmp_path, "select id from sales")

    for form, first in (
        *(
            ("json", "{"),
            ("mermaid", "flowchart LR"),
            ("dot", "digraph lineage {"),
            ("html", "<!doctype html>"),
        ),
        ("text", "customers  source"),
    ):
        for options in (("--columns", "--static"), (), ("--column", "asked.id", "--static")):
            done = sparkjobs("lineage", "asked", *options, "--format", form, "--project", str(tmp_path))
            if "--column" in options:
                assert "jobs cannot be selected beside it" in done.stderr
                done = sparkjobs("lineage", *options, "--format", form, "--project", str(tmp_path))
            assert done.returncode == 0, done.stderr
            if form != "text":
                assert done.stdout.strip().splitlines()[0] == first


def test_what_is_not_there_is_told_with_what_is() -> None:
    table = sparkjobs("lineage", "--column", "stg_payment.amount", "--static", "--project", SHOP)
    column = sparkjobs("lineage", "--column", "stg_payments.amout", "--static", "--project", SHOP)
    unknown = sparkjobs("lineage", "--column", "customer_segments.segment", "--static", "--project", SHOP)
    none = sparkjobs("lineage", "--column", "stg_payments", "--static", "--project", SHOP)

    assert [one.returncode for one in (table, column, unknown, none)] == [2, 2, 2, 2]
    assert "names no column of a table.\nThere is stg_payments" in table.stderr
    assert "stg_payments has no column 'amout'.\nThere is amount." in column.stderr
    assert "no column 'segment'; its columns are not known: a function: only Spark" in unknown.stderr
    assert "For example: --column" in none.stderr

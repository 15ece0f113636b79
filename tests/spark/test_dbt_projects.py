"""dbt projects that were taken over run as they are: their tables, their tests, and what a second run does."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.dbt import GIVEN, Imported, apart, from_files, imported
from tests.projects import REPOSITORY, rows, run

BAKERY: dict[str, list[tuple[object, ...]]] = {
    "customers_history": [
        (1, "Ada", "L.", date(2024, 1, 1), date(2024, 1, 1), None, True),
        (2, "Bob", "M.", date(2024, 1, 1), date(2024, 1, 1), None, True),
        (3, "Cyd", None, date(2024, 1, 5), date(2024, 1, 5), None, True),
    ],
    "daily_orders": [(date(2024, 1, 2), 1), (date(2024, 1, 3), 1)],
    "dim_customers": [(1, "Ada", 2, Decimal("19.75")), (2, "Bob", 1, Decimal("9.00")), (3, "Cyd", 0, None)],
    "no_order_costs_nothing": [(0,)],
    "orders": [
        (11, 1, date(2024, 1, 2), "completed", Decimal("12.50"), Decimal("2.50"), Decimal("15.00")),
        (12, 2, date(2024, 1, 3), "returned", Decimal("9.00"), Decimal("0.00"), Decimal("9.00")),
        (13, 1, date(2024, 1, 4), "placed", Decimal("0.00"), Decimal("4.75"), Decimal("4.75")),
    ],
    "payments": [
        (100, 11, "card", Decimal("12.50"), date(2024, 1, 2), "till-1"),
        (101, 11, "cash", Decimal("2.50"), date(2024, 1, 2), "till-1"),
        (102, 12, "card", Decimal("9.00"), date(2024, 1, 3), "till-1"),
        (103, 13, "cash", Decimal("4.75"), date(2024, 1, 5), "till-1"),
    ],
    "stg_customers": [(1, "Ada", "L."), (2, "Bob", "M."), (3, "Cyd", None)],
}
"""What dbt-core 1.9.10 with DuckDB makes of the same project, but for the columns of its snapshot."""


def placed(one: Imported) -> Path:
    (one.root / ".jars").symlink_to(REPOSITORY / ".jars")
    return apart(one).root


def warehouse(spark: SparkSession, root: Path) -> dict[str, list[tuple[object, ...]]]:
    tables = sorted((root / "data/warehouse").iterdir())
    return {one.name: rows(spark, one) for one in tables if any(one.glob("*.parquet"))}


@pytest.fixture
def bakery(tmp_path: Path) -> Path:
    return placed(imported(GIVEN / "dbt_shop", tmp_path / "bakery"))


def test_every_table_is_the_one_that_dbt_makes(spark: SparkSession, bakery: Path) -> None:
    done = run(spark, bakery)

    assert {job: one.status for job, one in done.items()} == dict.fromkeys(
        ("customers", *(BAKERY.keys() - {"dim_customers"})), "success"
    )
    assert warehouse(spark, bakery) == BAKERY
    assert {one.status for one in run(spark, bakery).values()} == {"no-op"}


def test_histories_and_increments_grow_and_a_broken_seed_publishes_nothing(
    spark: SparkSession, bakery: Path
) -> None:
    run(spark, bakery, "customers_history", "payments")
    (bakery / "seeds/raw_customers.csv").write_text(
        "id,first_name,last_name,changed_on\n1,Ada,X.,2024-01-09\n2,Bob,M.,2024-01-01\n3,Cyd,,2024-01-05\n"
    )
    with (bakery / "seeds/raw_payments.csv").open("a") as file:
        file.write("104,13,card,100,2024-01-05\n90,11,card,1,2024-01-01\n")

    run(spark, bakery, "customers_history", "payments")

    found = warehouse(spark, bakery)
    assert found["customers_history"] == [
        (1, "Ada", "L.", date(2024, 1, 1), date(2024, 1, 1), date(2024, 1, 9), False),
        (1, "Ada", "X.", date(2024, 1, 9), date(2024, 1, 9), None, True),
        *BAKERY["customers_history"][1:],
    ]
    assert [one[0] for one in found["payments"]] == [100, 101, 102, 103, 104]

    with (bakery / "seeds/raw_customers.csv").open("a") as file:
        file.write("1,Ada,L.,2024-01-01\n")
    done = run(spark, bakery, "customers_history")["customers_history"]
    assert (done.status, "raw_customers" in done.message) == ("error", True), done.message


def test_the_starter_of_dbt_publishes_nothing_before_its_null_is_gone(
    spark: SparkSession, tmp_path: Path
) -> None:
    root = placed(imported(GIVEN / "dbt_starter", tmp_path / "starter"))
    first, second = "my_first_dbt_model", "my_second_dbt_model"

    red = run(spark, root)

    assert (red[first].status, red[second].status) == ("fail", "skipped")
    assert "not_null" in red[first].message, red[first].message
    assert warehouse(spark, root) == {}

    (model,) = root.rglob(f"{first}.sql")
    model.write_text(model.read_text().replace("-- where id is not null", "where id is not null"))
    green = run(spark, root)

    assert {one.status for one in green.values()} == {"success"}
    assert warehouse(spark, root) == {first: [(1,)], second: [(1,)]}


def test_a_key_may_be_looked_for_in_a_view_and_in_a_seed(spark: SparkSession, tmp_path: Path) -> None:
    keys = "- name: sales\n  columns:\n    - name: product\n      data_tests:\n"
    to = "        - relationships: {to: %s, field: id}\n"
    files = {
        "seeds/products.csv": "id,name\n1,bread\n2,cake\n",
        "seeds/sold.csv": "product,pieces\n1,5\n2,1\n3,1\n",
        "models/named.sql": "select * from {{ ref('products') }}",
        "models/sales.sql": "{{ config(materialized='table') }}\nselect * from {{ ref('sold') }}",
        "models/schema.yml": "models:\n" + keys + to % "ref('named')" + to % "ref('products')",
    }

    done = run(spark, placed(from_files(tmp_path, files)))["sales"]

    assert done.status == "fail"
    assert [one.status for one in done.checks] == ["fail", "fail"]

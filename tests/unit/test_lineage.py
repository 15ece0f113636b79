"""Lineage without Spark: of tables, followed, told, and read from SQL."""

import re
from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError
from sparkjobs.lineage import (
    Column,
    Lineage,
    Node,
    Origin,
    Place,
    Reached,
    Table,
    follow,
    nodes_from,
    tables_of,
)
from sparkjobs.lineage.static import columns_in_text
from tests.unit.projects import conf_of, project

SALES, COUNTRIES = Node("source", "sales"), Node("source", "countries")
CLEAN, DAILY, TOP = Node("view", "clean"), Node("job", "daily"), Node("job", "top")

LINEAGE = Lineage(
    (
        Table(COUNTRIES, (), (Column("code", "string", ()), Column("name", "string", ()))),
        Table(SALES, (), (Column("id", "int", ()), Column("amount", "double", ()))),
        Table(
            CLEAN,
            (SALES,),
            (
                Column("id", "int", (Origin(SALES, "id", "same"),)),
                Column("eur", "double", (Origin(SALES, "amount", "same"),)),
            ),
        ),
        Table(
            DAILY,
            (CLEAN, COUNTRIES),
            (
                Column("total", "double", (Origin(CLEAN, "eur", "made"),)),
                Column("country", "string", (Origin(COUNTRIES, "name", "same"),)),
            ),
            rows=(Origin(CLEAN, "id", "same"), Origin(COUNTRIES, "code", "same")),
        ),
        Table(TOP, (DAILY,), (Column("total", "double", (Origin(DAILY, "total", "same"),)),)),
    )
)


def test_every_table_comes_after_what_it_reads(tmp_path: Path) -> None:
    code = (
        "from sparkjobs import job\n\n\n@job\ndef daily(rows, *, least=1):\n    return rows\n\n\n"
        "@job\ndef after(daily):\n    return daily\n"
    )
    root = project(tmp_path, {}, code)
    package = next(root.glob("jobs_*"))
    (package / "clean.sql").write_text(
        "{{ config(materialized='view') }} select * from {{ source('raw', 'sales') }}"
    )
    (package / "again.sql").write_text("{{ config(materialized='view') }} select * from {{ ref('clean') }}")
    (root / "conf/jobs/daily.yml").write_text(
        "inputs:\n"
        "  rows: {ref: again}\n"
        "  known: {source: sales, for_checks: true}\n"
        "output: {format: parquet, path: '${warehouse}/daily'}\n"
    )
    (root / "conf/jobs/after.yml").write_text(
        "inputs: {daily: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/after'}\n"
    )
    again, after = Node("view", "again"), Node("job", "after")

    assert tables_of(conf_of(root)).tables == (
        Table(SALES, ()),
        Table(CLEAN, (SALES,)),
        Table(again, (CLEAN,)),
        Table(DAILY, (again,)),
        Table(after, (DAILY,)),
    )


def test_jobs_in_a_circle_have_no_lineage(tmp_path: Path) -> None:
    root = project(tmp_path)
    for job, read in (("daily", "after"), ("after", "daily")):
        (root / f"conf/jobs/{job}.yml").write_text(
            f"inputs: {{sales: {{ref: {read}}}}}\noutput: {{format: parquet, path: '${{warehouse}}/{job}'}}\n"
        )

    with pytest.raises(ConfigError, match=r"jobs in a circle: .*daily"):
        tables_of(conf_of(root))


def test_tables_are_followed_both_ways() -> None:
    assert nodes_from(LINEAGE, (DAILY,), "up") == {DAILY, CLEAN, COUNTRIES, SALES}
    assert nodes_from(LINEAGE, (SALES,), "down") == {SALES, CLEAN, DAILY, TOP}


def test_a_column_leads_to_what_is_made_of_it() -> None:
    assert follow(LINEAGE, Place(SALES, "amount"), "down") == (
        Reached(Place(CLEAN, "eur"), "same", 1),
        Reached(Place(DAILY, "total"), "made", 2),
        Reached(Place(TOP, "total"), "made", 3),
    )


def test_a_column_that_decides_on_rows_leads_to_whole_tables() -> None:
    assert follow(LINEAGE, Place(SALES, "id"), "down") == (
        Reached(Place(CLEAN, "id"), "same", 1),
        Reached(Place(DAILY), "rows", 2),
        Reached(Place(TOP), "rows", 3),
    )


def test_a_column_hangs_on_its_origins_and_on_what_decides_on_rows() -> None:
    assert follow(LINEAGE, Place(TOP, "total"), "up") == (
        Reached(Place(DAILY, "total"), "same", 1),
        Reached(Place(COUNTRIES, "code"), "rows", 2),
        Reached(Place(CLEAN, "eur"), "made", 2),
        Reached(Place(CLEAN, "id"), "rows", 2),
        Reached(Place(SALES, "amount"), "made", 3),
        Reached(Place(SALES, "id"), "rows", 3),
    )


def shown(origin: Origin) -> str:
    return f"{origin.node.name}.{origin.column}{'*' if origin.how == 'made' else ''}"


def told(table: Table) -> list[str]:
    """One line per column, `*` where something was made of its origin, and one for what decides on rows."""
    assert table.unknown == ""
    lines = [f"{one.name}: {' '.join(sorted(map(shown, one.origins)))}".strip() for one in table.columns]
    return [*lines, f"rows: {' '.join(sorted(map(shown, table.rows)))}".strip()]


QUERIES = {
    "select Amount as Total, id + 1 as next from sales": ["Total: sales.amount", "next: sales.id*", "rows:"],
    "select * from sales": ["id: sales.id", "amount: sales.amount", "rows:"],
    "select S.* except (id) from sales s": ["amount: sales.amount", "rows:"],
    "select id, sum(amount) as total from sales where amount > 0 group by id having count(*) > 1": [
        "id: sales.id",
        "total: sales.amount*",
        "rows: sales.amount sales.id",
    ],
    "select s.id, c.`first name` from sales s left join customers c on s.id = c.ID": [
        "id: sales.id",
        "first name: customers.first name",
        "rows: customers.id sales.id",
    ],
    "select id, `first name` from sales join customers using (id)": [
        "id: customers.id* sales.id*",
        "first name: customers.first name",
        "rows: customers.id sales.id",
    ],
    "with t as (select id, amount * 2 as a from sales), u as (select a from t where id > 1) select a from u": [
        "a: sales.amount*",
        "rows: sales.id",
    ],
    "select id from sales union all select id + 1 from customers": [
        "id: customers.id* sales.id",
        "rows:",
    ],
    "select id from sales except select id from customers where `first name` = ''": [
        "id: sales.id",
        "rows: customers.first name customers.id sales.id",
    ],
    "select id from sales where id in (select id from customers where `first name` <> '')": [
        "id: sales.id",
        "rows: customers.first name sales.id",
    ],
    "select id from sales s where exists (select 1 from customers c where c.id = s.id)": [
        "id: sales.id",
        "rows: customers.id sales.id",
    ],
    "select id, row_number() over (partition by id order by amount) as n from sales": [
        "id: sales.id",
        "n: sales.amount* sales.id*",
        "rows:",
    ],
    "select distinct id from sales order by id": ["id: sales.id", "rows: sales.id"],
    "select id from sales order by amount limit 3": ["id: sales.id", "rows: sales.amount"],
    "select id from sales union select id from customers": [
        "id: customers.id sales.id",
        "rows: customers.id sales.id",
    ],
    "select 1 as one": ["one:", "rows:"],
}


def written_in_sql(root: Path, query: str, more: str = "") -> Table:
    """What is read of a job that is `query`, between two sources."""
    sources = (
        "sales:\n  format: csv\n  path: ${landing}/sales/*.csv\n  columns: {id: int, amount: double}\n"
        "customers:\n  format: csv\n  path: ${landing}/c/*.csv\n"
        "  columns: {id: int, 'first name': string}\n"
        "found: {format: parquet, path: '${landing}/found'}\n"
    )
    project(root, {"conf/sources.yml": sources})
    (next(root.glob("jobs_*")) / "asked.sql").write_text(query)
    (root / "conf/jobs/asked.yml").write_text(
        f"output: {{format: parquet, path: '${{warehouse}}/asked'{more}}}\n"
    )
    return next(table for table in columns_in_text(conf_of(root)).tables if table.node.name == "asked")


@pytest.mark.parametrize("query", QUERIES)
def test_the_columns_of_a_query_are_read_from_its_text(tmp_path: Path, query: str) -> None:
    assert told(written_in_sql(tmp_path, query)) == QUERIES[query]


def test_a_history_has_the_columns_that_publishing_adds(tmp_path: Path) -> None:
    more = ", mode: scd2, keys: [id], sequence_by: amount"

    assert told(written_in_sql(tmp_path, "select * from sales", more)) == [
        "id: sales.id",
        "amount: sales.amount",
        "valid_from: sales.amount*",
        "valid_to: sales.amount*",
        "is_current: sales.amount*",
        "rows: sales.id",
    ]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("select * from daily", "it takes all columns of a table of which only Spark knows them"),
        ("select * from found", "it takes all columns of a table of which only Spark knows them"),
        ("select nothing from sales", "sales has no column nothing"),
        ("select id from daily join found", 'only Spark could say where "id" comes from'),
    ],
)
def test_what_the_text_does_not_tell_is_not_guessed(tmp_path: Path, query: str, why: str) -> None:
    table = written_in_sql(tmp_path, query)

    assert re.search(why, table.unknown)
    assert table.columns == ()


def test_of_a_function_nothing_is_read(tmp_path: Path) -> None:
    written_in_sql(tmp_path, "select id from daily")
    found = {table.node.name: table for table in columns_in_text(conf_of(tmp_path)).tables}

    assert found["daily"].unknown == "a function: only Spark knows its columns"
    assert found["found"].unknown == "its columns are not declared"
    assert told(found["asked"]) == ["id: daily.id", "rows:"]

"""Lineage without Spark: of tables, followed, told, and read from SQL."""

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

"""Lineage without Spark: of tables, followed, told, and read from SQL."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
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
    formats,
    nodes_from,
    tables_of,
    telling,
)
from sparkjobs.lineage.layout import layers
from sparkjobs.lineage.nodes import Found, UnknownPlanError
from sparkjobs.lineage.page import page
from sparkjobs.lineage.picture import Picture, columns_pictured, part, places, tables_pictured
from sparkjobs.lineage.plans import columns_in
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


HOSTILE = Node("job", "bad")
NASTY = Lineage(
    (
        Table(
            SALES, (), (Column('"];x-->y\\', "string", ()), Column("<script>alert(1)</script>", "int", ()))
        ),
        Table(
            HOSTILE,
            (SALES,),
            (Column("\x1b[31mred\n#1;", "", (Origin(SALES, '"];x-->y\\', "made"),)),),
            rows=(Origin(SALES, "<script>alert(1)</script>", "same"),),
        ),
    )
)


def test_tables_are_told_in_lines() -> None:
    assert telling.tables_told(LINEAGE) == (
        "countries  source\n"
        "sales      source\n"
        "clean      view    ← sales\n"
        "daily      job     ← clean, countries\n"
        "top        job     ← daily\n"
    )


def test_columns_are_told_with_what_they_are_made_of() -> None:
    unknown = Lineage((Table(TOP, (DAILY,), unknown="nobody\nknows"), part(LINEAGE, {DAILY}).tables[0]))

    assert telling.columns_told(unknown) == (
        "top  job\n"
        "  not known: nobody\\nknows\n"
        "\n"
        "daily  job\n"
        "  total    double  ← clean.eur\n"
        "  country  string  = countries.name\n"
        "  (rows)           = clean.id, countries.code\n"
    )


def test_what_was_followed_is_told_with_its_distance() -> None:
    start = Place(SALES, "id")

    assert telling.reached_told(start, "down", follow(LINEAGE, start, "down")) == (
        "sales.id leads to\n  1  clean.id      same\n  2  daily (rows)  rows\n  3  top (rows)    rows\n"
    )
    assert telling.reached_told(start, "up", ()) == "sales.id is made of nothing that is known\n"


def test_a_terminal_gets_no_escapes() -> None:
    assert "\\x1b[31mred\\n#1;" in telling.columns_told(NASTY)
    assert "\x1b" not in telling.columns_told(NASTY)


def test_json_has_all_of_it() -> None:
    assert json.loads(formats.as_json(part(LINEAGE, {CLEAN, DAILY})))["tables"][1] == {
        "kind": "job",
        "name": "daily",
        "reads": [{"kind": "view", "name": "clean"}, {"kind": "source", "name": "countries"}],
        "columns": [
            {
                "name": "total",
                "type": "double",
                "origins": [{"kind": "view", "name": "clean", "column": "eur", "how": "made"}],
            },
            {
                "name": "country",
                "type": "string",
                "origins": [{"kind": "source", "name": "countries", "column": "name", "how": "same"}],
            },
        ],
        "rows": [
            {"kind": "view", "name": "clean", "column": "id", "how": "same"},
            {"kind": "source", "name": "countries", "column": "code", "how": "same"},
        ],
        "unknown": "",
    }


def test_json_of_what_was_followed() -> None:
    start = Place(SALES, "id")

    assert json.loads(formats.reached_as_json(start, "down", follow(LINEAGE, start, "down"))) == {
        "schema_version": 1,
        "start": {"kind": "source", "name": "sales", "column": "id"},
        "way": "down",
        "reached": [
            {"kind": "view", "name": "clean", "column": "id", "how": "same", "steps": 1},
            {"kind": "job", "name": "daily", "column": None, "how": "rows", "steps": 2},
            {"kind": "job", "name": "top", "column": None, "how": "rows", "steps": 3},
        ],
    }


def followed(start: Place) -> Picture:
    """The picture of where `start` leads to."""
    found = follow(LINEAGE, start, "down")
    return columns_pictured(places(LINEAGE, {start, *(one.place for one in found)}), rows=True)


def test_mermaid_shows_tables() -> None:
    assert formats.as_mermaid(tables_pictured(part(LINEAGE, {SALES, CLEAN, DAILY}))) == (
        'flowchart LR\n  t0[("sales")]\n  t1("clean")\n  t2["daily"]\n  t0 --> t1\n  t1 --> t2\n'
    )


def test_mermaid_shows_where_a_column_leads_to() -> None:
    assert formats.as_mermaid(followed(Place(SALES, "id"))) == (
        "flowchart LR\n"
        '  subgraph t0["sales"]\n    t0c0["id"]\n  end\n'
        '  subgraph t1["clean"]\n    t1c0["id"]\n  end\n'
        '  subgraph t2["daily"]\n    t2c0["its rows"]\n  end\n'
        '  subgraph t3["top"]\n    t3c0["its rows"]\n  end\n'
        "  t0c0 --> t1c0\n"
        "  t1c0 -.-> t2c0\n"
        "  t2c0 -.-> t3c0\n"
    )


def test_names_are_no_syntax_of_mermaid() -> None:
    assert formats.as_mermaid(columns_pictured(NASTY, rows=True)) == (
        "flowchart LR\n"
        '  subgraph t0["sales"]\n'
        '    t0c0["#34;#93;#59;x--#62;y#92;"]\n'
        '    t0c1["#60;script#62;alert#40;1#41;#60;#47;script#62;"]\n'
        "  end\n"
        '  subgraph t1["bad"]\n'
        '    t1c0["#27;#91;31mred#10;#35;1#59;"]\n'
        '    t1c1["its rows"]\n'
        "  end\n"
        "  t0c0 -.-> t1c0\n"
        "  t0c1 -.-> t1c1\n"
    )


def test_names_are_no_syntax_of_dot() -> None:
    assert formats.as_dot(columns_pictured(NASTY, rows=True)) == (
        "digraph lineage {\n"
        "  rankdir=LR;\n"
        '  node [fontname="sans-serif"];\n'
        "  subgraph cluster_t0 {\n"
        '    label="sales";\n'
        '    t0c0 [label="\\"];x-->y\\\\", shape=box];\n'
        '    t0c1 [label="<script>alert(1)</script>", shape=box];\n'
        "  }\n"
        "  subgraph cluster_t1 {\n"
        '    label="bad";\n'
        '    t1c0 [label="�[31mred�#1;", shape=box];\n'
        '    t1c1 [label="its rows", shape=box];\n'
        "  }\n"
        "  t0c0 -> t1c0 [style=dashed];\n"
        "  t0c1 -> t1c1 [style=dotted];\n"
        "}\n"
    )


def test_names_are_no_syntax_of_a_page() -> None:
    found = page("</title><script>", NASTY, columns_pictured(NASTY, rows=True))

    tags, loaded = Counter[str](), list[str | None]()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags[tag] += 1
            loaded.extend(
                value for name, value in attrs if name in ("src", "href") and not str(value).startswith("#")
            )

    Reader().feed(found)
    assert (tags["script"], tags["img"], tags["link"], loaded) == (0, 0, 0, [])
    assert tags["svg"] == 1
    assert tags["details"] == 2
    assert tags["path"] == 2
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found


def test_boxes_stand_behind_all_that_leads_to_them() -> None:
    a, b, c, d, e = (Node("job", name) for name in "abcde")

    assert layers((a, b, c, d, e), ((a, c), (b, c), (c, d), (a, d), (b, e))) == ((a, b), (c, e), (d,))
    assert layers((a, b, c, d), ((a, d), (b, c))) == ((a, b), (d, c))
    assert layers((a, b, c), ((a, b), (b, c))) == ((a,), (b,), (c,))
    assert layers((), ()) == ()


def test_a_plan_that_is_too_deep_is_not_guessed_at() -> None:
    leaf = {"class": "x.LocalRelation", "num-children": 0, "output": []}
    deep = [{"class": "x.Filter", "num-children": 1, "condition": []}] * 5000

    assert columns_in(json.dumps([*deep[:100], leaf])) == Found(())
    with pytest.raises(UnknownPlanError, match="its plan is too deep"):
        columns_in(json.dumps([*deep, leaf]))


def test_a_node_that_nobody_knows_is_not_guessed_at() -> None:
    leaf = {"class": "x.LocalRelation", "num-children": 0, "output": []}

    with pytest.raises(UnknownPlanError, match="nobody knows what Novelty does to columns"):
        columns_in(json.dumps([{"class": "x.Novelty", "num-children": 1}, leaf]))

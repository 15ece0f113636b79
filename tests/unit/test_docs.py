"""What the documentation of a project tells, and what it must not."""

import json
import re
from html import unescape
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake
from markupsafe import Markup

from sparkjobs.cli import cli
from sparkjobs.docs import page, written
from sparkjobs.docs.code import marked
from sparkjobs.docs.docstrings import comment_of, parsed
from sparkjobs.docs.masks import hidden, secrets_of, told
from sparkjobs.docs.model import Column, Entry, Site
from sparkjobs.docs.tables import kind
from sparkjobs.errors import UsageError
from sparkjobs.lineage import Node, Origin, Place
from tests.documented import MAIN, shop, site
from tests.recorded import entry, kept, record
from tests.unit.projects import DAILY, SOURCES, plan_of, project, publish_as_a_run_would, write


def entry_of(told: Site, name: str) -> Entry:
    """What is told of the job of that name, or of the source or view where there is no such job."""
    return max((one for one in told.entries if one.node.name == name), key=lambda one: one.node.kind == "job")


def column_of(entry: Entry, name: str) -> Column:
    return next(one for one in entry.columns if one.name == name)


@pytest.fixture(scope="module")
def told_shop(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site(shop(tmp_path_factory.mktemp("shop")))


def test_every_source_view_and_job_is_told_of_after_what_it_reads(told_shop: Site) -> None:
    names = [one.node.name for one in told_shop.entries]

    assert sorted(names) == [
        *("daily_revenue", "never", "never", "orders", "rates", "recent", "report", "stg_orders")
    ]
    assert (
        names.index("stg_orders")
        < names.index("daily_revenue")
        < names.index("recent")
        < names.index("report")
    )
    assert (Node("view", "recent"), Node("job", "report")) in told_shop.edges


def test_the_last_run_says_how_a_job_stands(told_shop: Site) -> None:
    found = {one.node.name: one.status for one in told_shop.entries if one.node.kind == "job"}

    assert found == {
        "stg_orders": "no-op",
        "daily_revenue": "fail",
        "report": "skipped",
        "never": "never run",
    }


def test_a_docstring_tells_description_grain_inputs_and_columns(told_shop: Site) -> None:
    orders = entry_of(told_shop, "stg_orders")

    assert orders.description[0] == "Orders in EUR, of `least` EUR or more."
    assert orders.grain == "order_id"
    assert [(one.name, one.notes) for one in orders.inputs] == [
        ("orders", "as they come"),
        ("rates", "one row per day, so the join adds none; joined, not appended"),
    ]
    assert column_of(orders, "amount_tax").description == "EUR, before tax"
    assert column_of(orders, "order_id").description == "counts up"


def test_the_comment_at_the_head_of_a_query_is_its_docstring(told_shop: Site) -> None:
    report = entry_of(told_shop, "report")

    assert (report.description, report.grain) == (("What the board reads.",), "month")
    assert report.inputs[0].node == Node("view", "recent")


def test_columns_have_types_units_and_what_the_table_uses_them_for(told_shop: Site) -> None:
    orders = entry_of(told_shop, "stg_orders")

    found = [(one.name, one.type, one.unit, one.notes) for one in orders.columns]
    assert found == [
        ("order_id", "int", "", ("key",)),
        ("amount_eur", "decimal(10,2)", "EUR", ("sorted",)),
        ("amount_tax", "double", "", ()),
        ('odd <b>name</b> & "more"', "string", "", ()),
        ("parts", "array<struct<n: bigint>>", "", ()),
        ("gone", "", "", ("the table lacks it",)),
    ]


def test_a_source_tells_its_contract(told_shop: Site) -> None:
    orders = entry_of(told_shop, "orders")

    facts = dict(orders.facts)
    assert column_of(orders, "amount").notes == ("0 to 10000",)
    assert column_of(orders, "amount").unit == "EUR"
    assert column_of(orders, "coupon").notes == ("one of FREE, HALF",)
    assert (facts["format"], facts["path"]) == ("csv", "landing/orders/*.csv")
    assert facts["options"] == 'delimiter: ";"'
    assert facts["one row per"] == "order_id, the one with the highest amount"
    assert facts["bad rows"] == "go to the quarantine; more than 5 % stop the job"
    assert [(one.name, one.severity) for one in orders.checks] == [("paid_if_shipped", "warn")]


@pytest.mark.parametrize(
    ("share", "told"), [(0.001, "0.1 %"), (0.0, "0 %"), (1.0, "100 %"), (0.1, "10 %"), (0.00005, "0.005 %")]
)
def test_a_share_is_told_in_percent(tmp_path: Path, share: float, told: str) -> None:
    project(tmp_path, {"conf/sources.yml": SOURCES + f"  bad_rows: {{max_share: {share}}}\n"})

    facts = dict(entry_of(site(tmp_path), "sales").facts)

    assert facts["bad rows"] == f"go to the quarantine; more than {told} stop the job"


def test_checks_tell_what_the_last_run_that_asked_them_saw(told_shop: Site) -> None:
    unique, between = entry_of(told_shop, "stg_orders").checks

    assert (unique.name, unique.status, unique.observed) == ("unique(order_id)", "pass", "0 of 3 rows")
    assert (between.asks, between.severity, between.status) == ("min: 0", "warn", "warn")
    assert between.description == "nobody is paid to buy"


def test_the_newest_ten_runs_are_told(told_shop: Site) -> None:
    runs = entry_of(told_shop, "stg_orders").runs

    assert [run.run_id for run in runs] == [f"r{day:02}" for day in range(4, 14)]
    assert (runs[0].published, runs[0].read, runs[0].quarantined) == (4, 4, 1)


def test_lineage_is_told_in_steps(told_shop: Site) -> None:
    orders, report = entry_of(told_shop, "stg_orders"), entry_of(told_shop, "report")

    assert [one.name for one in orders.readers] == ["daily_revenue", "never"]
    assert [one.name for one in orders.downstream] == ["recent", "report"]
    assert sorted(one.name for one in report.upstream) == ["daily_revenue", "orders", "rates", "stg_orders"]


def test_columns_tell_what_they_are_made_of_and_what_is_made_of_them(told_shop: Site) -> None:
    orders, revenue = entry_of(told_shop, "stg_orders"), entry_of(told_shop, "daily_revenue")

    column = column_of(revenue, "revenue")
    assert (column.type, column.origins) == ("decimal(20,2)", (Origin(orders.node, "amount_eur", "made"),))
    assert column.uses == (Place(Node("job", "report"), "revenue"),)
    assert column_of(orders, "amount_eur").uses == (Place(revenue.node, "revenue"),)
    assert revenue.rows == (Origin(orders.node, "order_id", "same"),)
    assert entry_of(told_shop, "never").unknown == "only Spark knows"


def test_columns_of_what_never_ran_stand_as_its_query_has_them(tmp_path: Path) -> None:
    root = shop(tmp_path)
    write(
        root,
        {
            "conf/jobs/daily_revenue.yml": "inputs: {orders: {ref: stg_orders}}\ncolumns: {id: {unit: orders}, old: {}}\n"
        },
    )

    assert [one.name for one in entry_of(site(root), "daily_revenue").columns] == [
        "revenue",
        "day",
        "id",
        "old",
    ]


def test_a_docstring_tells_of_columns_that_only_lineage_knows(told_shop: Site) -> None:
    report, recent = entry_of(told_shop, "report"), entry_of(told_shop, "recent")

    assert column_of(report, "revenue").description == "what came in"
    assert column_of(recent, "day").description == "of the till"


def test_a_column_that_is_handed_on_means_what_it_meant(told_shop: Site) -> None:
    order, handed_on = (
        column_of(entry_of(told_shop, job), name)
        for job, name in (("stg_orders", "order_id"), ("daily_revenue", "id"))
    )
    made = column_of(entry_of(told_shop, "daily_revenue"), "revenue")

    assert (handed_on.description, handed_on.said_of) == (
        "counts up",
        Place(Node("job", "stg_orders"), "order_id"),
    )
    assert (order.said_of, made.description, made.unit) == (None, "", "")


def test_code_is_told_with_its_place(told_shop: Site) -> None:
    (function,) = entry_of(told_shop, "daily_revenue").code
    (query,) = entry_of(told_shop, "report").code
    template, made = entry_of(told_shop, "recent").code

    assert function.text.startswith("@job\ndef daily_revenue(orders):")
    assert function.title.endswith(f"/__init__.py:{function.first_line}")
    assert query.title == "sql/report.sql"
    assert "{{ ref('daily_revenue') }}" in template.text
    assert (made.title, made.text) == (
        "as Spark gets it",
        "-- The newest. Out: day: of the till.\nselect * from `daily_revenue` where k <> '********' -- the newest",
    )


def test_nothing_that_is_called_a_secret_is_told(told_shop: Site) -> None:
    assert dict(entry_of(told_shop, "stg_orders").facts)["params"] == "least: 5, api_token: ********"
    assert "hunter" not in page(told_shop)
    assert "jdbc:x://********@host/db" in unescape(page(told_shop))


def test_names_are_no_secrets_and_short_texts_and_references_are_none() -> None:
    found = secrets_of(
        {"password": "stg_orders", "token": ("abc", "abcd"), "key": "zzzz", "api_key": "${secret:env:A}"}
    )

    assert found == {"stg_orders", "abcd"}
    assert hidden(Entry(Node("job", "stg_orders"), grain="x stg_orders"), found) == Entry(
        Node("job", "stg_orders"), grain="x ********"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"password": "x"}, "password: ********"),
        ({"password": "${secret:env:PW}"}, 'password: "${secret:env:PW}"'),
        ({"a": {"apiKey": "x", "b": [1, 2]}}, "a: {apiKey: ********, b: [1, 2]}"),
        ({"accounts": [{"token": "x"}]}, "accounts: [{token: ********}]"),
        ({"tokens_per_day": 5}, "tokens_per_day: ********"),
        ({"least": 5, "day": "2026-01-01"}, "least: 5, day: 2026-01-01"),
    ],
)
def test_values_are_told_as_yaml_writes_them(given: dict[str, object], expected: str) -> None:
    assert told(given).replace('"2026-01-01"', "2026-01-01") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3a://key:pass@bucket/x", "s3a://********@bucket/x"),
        ("https://u:p%40ss@h/x and ftp://:p@h", "https://********@h/x and ftp://********@h"),
        ("https://host:8080/a@b", "https://host:8080/a@b"),
        ("mail me@home", "mail me@home"),
    ],
)
def test_addresses_lose_their_passwords(text: str, expected: str) -> None:
    entry = Entry(Node("job", "a"), description=(text,), columns=(Column("a", description=text),))

    found = hidden(entry)

    assert (found.description[0], found.columns[0].description) == (expected, expected)


def test_hostile_texts_stay_texts(told_shop: Site) -> None:
    text = page(told_shop)

    assert text.count("<script") == text.count("</script") == 1
    assert "<img" not in text
    assert "<b>name" not in text
    assert "&lt;script&gt;window.hacked = 1&lt;/script&gt;" in text


def test_the_policy_allows_this_script_and_this_style_alone(told_shop: Site) -> None:
    text = page(told_shop)

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert unescape(policy).startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert 'style="' not in text
    assert re.findall(r"<[^>]*\son[a-z]+=", re.sub(r"<script>.*</script>", "", text, flags=re.DOTALL)) == []


def test_the_same_project_makes_the_same_page(tmp_path: Path) -> None:
    root = shop(tmp_path)

    assert page(site(root)) == page(site(root))


def test_a_project_that_never_ran_has_a_page(tmp_path: Path) -> None:
    told = site(project(tmp_path))

    daily = entry_of(told, "daily")
    text = page(told)
    assert (daily.status, daily.runs, daily.columns) == ("never run", (), ())
    assert dict(daily.facts)["published"] == "never"
    assert "no run is recorded" in text
    assert "It has never run, or its records are gone." in text
    assert "They are known once the job has run." in text


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    project(
        tmp_path, {"conf/sparkjobs.yml": MAIN.replace(", sql", ""), "target/runs/x/run_results.json": "{"}
    )

    (strange,) = site(tmp_path).strange

    assert strange.endswith("x/run_results.json: it is not as a run writes it")
    assert "it is not as a run writes it" in page(site(tmp_path))


def test_published_tables_tell_their_types(tmp_path: Path) -> None:
    delta = DAILY.replace("format: parquet", "format: delta")
    project(tmp_path, {"conf/jobs/daily.yml": delta + "columns: {n: {description: how many}}\n"})
    rows = pa.table(
        {
            "n": pa.array([1], pa.int64()),
            "parts": [[{"at": "x"}]],
            "price": pa.array([None], pa.decimal128(9, 2)),
        }
    )
    write_deltalake(tmp_path / "warehouse/daily", rows)

    found = {one.name: (one.type, one.description) for one in entry_of(site(tmp_path), "daily").columns}

    assert found == {
        "n": ("bigint", "how many"),
        "parts": ("array<struct<at: string>>", ""),
        "price": ("decimal(9,2)", ""),
    }


def test_a_table_that_cannot_be_read_is_no_reason_to_have_no_page(tmp_path: Path) -> None:
    root = project(tmp_path)
    publish_as_a_run_would(plan_of(root).jobs[0])
    write(root, {"warehouse/daily/_sparkjobs/committed.json": "{damaged"})

    daily = entry_of(site(root), "daily")

    assert daily.columns == ()
    assert dict(daily.facts)["published"].startswith("it cannot be told: ")


@pytest.mark.parametrize(
    ("json_type", "sql"),
    [
        ("long", "bigint"),
        ("timestamp", "timestamp"),
        ({"type": "map", "keyType": "string", "valueType": "integer"}, "map<string, int>"),
        ({"type": "array", "elementType": {"type": "array", "elementType": "byte"}}, "array<array<tinyint>>"),
    ],
)
def test_types_are_told_as_sql_writes_them(json_type: object, sql: str) -> None:
    assert kind(json_type) == sql


def test_a_docstring_is_read_in_its_parts() -> None:
    found = parsed(
        """Departures per hour.

        More of it: see `x`.

        Grain: (origin, hour_utc).
        In:  weather: one row per hour;
             airports: one row per faa. Neither join adds a row.
        Out: delay_min: minutes, over flights
             that departed; *_mi: miles; the rest is as it came.
        """
    )

    assert found.paragraphs == ("Departures per hour.", "More of it: see `x`.", "The rest is as it came.")
    assert found.grain == "origin, hour_utc"
    assert found.of_input("weather") == "one row per hour"
    assert found.of_input("airports") == "one row per faa. Neither join adds a row"
    assert found.of_column("delay_min") == "minutes, over flights that departed"
    assert found.of_column("distance_mi") == "miles"
    assert found.of_column("distance_km") == ""


def test_a_docstring_without_parts_is_a_description() -> None:
    assert parsed("Sales per region.  Grain: region.").grain == "region"
    assert parsed("").paragraphs == ()
    assert parsed("At Check-In: nothing.").paragraphs == ("At Check-In: nothing.",)
    assert parsed("Inputs: many. Out of order.").paragraphs == ("Inputs: many. Out of order.",)


def test_the_head_of_a_query_is_what_comes_before_it() -> None:
    assert comment_of("\n-- a\n--  b\nselect 1 -- c") == "a\nb"
    assert comment_of("select 1 -- c") == ""
    assert comment_of("-- only") == "only"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        (
            "python",
            "@job\ndef f(x: int = 1_000) -> None:\n    '''a # b'''  # c \"d\n    return rb'\\'' + x.for_\n",
        ),
        ("python", 'x = \'unclosed\nfor y in z: """never ends'),
        (
            "sql",
            "select `a b`, 'it''s' /* x\n*/ from {{ ref('t') }} -- </pre>\nwhere x::int = :least {% if y %}",
        ),
        ("sql", "select 'unclosed"),
        ("sql", "select a <b> c & d from e"),
    ],
)
def test_marking_changes_no_letter(language: str, code: str) -> None:
    found = marked(code, "python" if language == "python" else "sql")

    assert unescape(re.sub(r"</?i[^>]*>", "", found)) == code
    assert "</pre>" not in found
    assert "<b>" not in found


def test_words_of_the_language_are_marked() -> None:
    assert marked("return 'a' # b", "python") == Markup(
        '<i class="k">return</i> <i class="s">&#39;a&#39;</i> <i class="c"># b</i>'
    )
    assert marked("returned is_in", "python") == Markup("returned is_in")
    assert marked("SELECT selected", "sql") == Markup('<i class="k">SELECT</i> selected')


def test_the_verb_writes_the_page_and_tells_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = shop(tmp_path)
    monkeypatch.chdir(root)

    done = CliRunner().invoke(cli, ["docs"], catch_exceptions=False)
    elsewhere = CliRunner().invoke(cli, ["docs", "--out", "a/b.html"], catch_exceptions=False)

    assert (done.exit_code, done.stdout) == (0, "target/docs/index.html\n")
    assert (elsewhere.exit_code, elsewhere.stdout) == (0, "a/b.html\n")
    assert (root / "a/b.html").read_text().startswith("<!doctype html>")
    assert list((root / "target/docs").iterdir()) == [root / "target/docs/index.html"]


def test_a_page_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = written(tmp_path / "docs/index.html", "old")
    (tmp_path / "docs/index.html").unlink()
    path.mkdir()

    with pytest.raises(UsageError, match="docs/index"):
        written(path, "new")

    assert list((tmp_path / "docs").iterdir()) == [path]


def test_records_of_another_overlay_are_not_told(tmp_path: Path) -> None:
    project(tmp_path, {"conf/sparkjobs.yml": MAIN.replace(", sql", "")})
    content = record(entry("daily"))
    content["metadata"]["env"] = "prod"
    kept(tmp_path / "target/runs", json.loads(json.dumps(content)))

    assert entry_of(site(tmp_path), "daily").status == "never run"

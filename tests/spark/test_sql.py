"""SQL and Python in one graph, run: rows, params, checks, modes, and mistakes at their lines."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sparkjobs.errors import FunctionError
from sparkjobs.foresight import scans_of
from sparkjobs.jvm import strangers
from sparkjobs.query import asked
from sparkjobs.sql_models import Model, as_written
from sparkjobs.sql_models.template import Answers, rendered
from sparkjobs.sql_models.values import Opaque
from tests.projects import NOW, executed, lay_out, planned, rows, run, write_project
from tests.unit.test_sql_conf import STARTERS

FORMATS = ("delta", "parquet")
SOURCES = "sales: {format: csv, path: '${landing}/*.csv', columns: {id: int, region: string, amount: int}}\n"
SALES = "id,region,amount\n1,North,10\n2,South,20\n3,North,5\n"
ROWS = """
@job
def doubled(by_region: DataFrame) -> DataFrame:
    return by_region.select("region", (F.col("total") * 2).alias("total"))
"""


def project(
    root: Path,
    sql: dict[str, str],
    files: dict[str, str] | None = None,
    code: str = "",
    table_format: str = "delta",
) -> Path:
    """A project whose source is three sales, with the models `sql`, name → text."""
    write_project(root, code, {"conf/sources.yml": SOURCES, "landing/a.csv": SALES})
    main = (root / "conf/sparkjobs.yml").read_text()
    output = f"output: {{format: {table_format}, folder: '${{warehouse}}'}}\n"
    lay_out(root, {"conf/sparkjobs.yml": main.replace("jobs: [", "jobs: [queries, ") + output})
    lay_out(root, {"queries/__init__.py": "", **{f"queries/{name}.sql": text for name, text in sql.items()}})
    lay_out(root, files or {})
    return root


def only(spark: SparkSession, root: Path, name: str) -> str:
    """The message of the one job that failed."""
    result = run(spark, root)[name]
    assert result.status == "error", result
    return result.message


@pytest.mark.parametrize("table_format", FORMATS)
def test_sql_reads_python_and_python_reads_sql(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    sql = {
        "good": "select * from sales where amount > :least",
        "by_region": "with good as (select * from good) select region, sum(amount) as total from good group by region",
        "last": "select d.region, d.total, g.id from doubled as d join good as g on g.region = d.region",
    }
    files = {
        "conf/jobs/good.yml": "params: {least: 7}\nchecks:\n  - unique: [id]\n",
        "conf/jobs/doubled.yml": "inputs: {by_region: {ref: by_region}}\n",
    }
    root = project(tmp_path, sql, files, ROWS, table_format)

    results = run(spark, root)

    assert {name: one.status for name, one in results.items()} == dict.fromkeys(
        ("good", "by_region", "doubled", "last"), "success"
    )
    assert rows(spark, root / "warehouse/good") == [(1, "North", 10), (2, "South", 20)]
    assert rows(spark, root / "warehouse/by_region") == [("North", 10), ("South", 20)]
    assert rows(spark, root / "warehouse/last") == [("North", 20, 1), ("South", 40, 2)]
    assert [(one.name, one.status) for one in results["good"].checks] == [("unique(id)", "pass")]
    assert [(one.input, one.read, one.valid) for one in results["last"].ledgers] == [
        ("doubled", 2, 2),
        ("good", 2, 2),
    ]
    assert [job.reasons for job in planned(root)[1].jobs] == [(), (), (), ()]
    assert spark.catalog.listTables() == []


def test_a_query_may_ask_a_csv_source_for_each_row_of_another(spark: SparkSession, tmp_path: Path) -> None:
    """Spark refuses that of a frame in which anything is nondeterministic, a file's name by a function too."""
    ranked = """
        select s.id, more.n
        from sales as s, lateral (select count(*) as n from sales as o where o.amount > s.amount) as more
    """
    root = project(tmp_path, {"ranked": ranked})

    assert run(spark, root)["ranked"].status == "success"

    assert rows(spark, root / "warehouse/ranked") == [(1, 1), (2, 0), (3, 2)]


def test_params_are_values_whatever_they_hold(spark: SparkSession, tmp_path: Path) -> None:
    sql = {"t": "select :text as a, :number as b, :share as c, :yes as d, array_contains(:many, 'x') as e"}
    files = {
        "conf/jobs/t.yml": 'params: {text: "a\'; drop table t; --", number: 3, share: 0.5, yes: true, many: [x, y]}\n'
    }
    root = project(tmp_path, sql, files)

    assert run(spark, root)["t"].status == "success"

    assert rows(spark, root / "warehouse/t") == [("a'; drop table t; --", 3, 0.5, True, True)]


def test_a_changed_param_or_text_is_a_reason_to_run(spark: SparkSession, tmp_path: Path) -> None:
    root = project(tmp_path, {"t": "select :a as a"}, {"conf/jobs/t.yml": "params: {a: 1}\n"})
    run(spark, root)
    assert planned(root)[1].jobs[0].reasons == ()

    lay_out(root, {"queries/t.sql": "select :a as b"})
    assert planned(root)[1].jobs[0].reasons == ("code changed",)
    lay_out(root, {"queries/t.sql": "select :a as a", "conf/jobs/t.yml": "params: {a: 2}\n"})
    assert planned(root)[1].jobs[0].reasons == ("code and conf changed",)


def test_a_failed_check_publishes_nothing_of_a_query(spark: SparkSession, tmp_path: Path) -> None:
    root = project(
        tmp_path, {"t": "select region from sales"}, {"conf/jobs/t.yml": "checks:\n  - unique: [region]\n"}
    )

    assert run(spark, root)["t"].status == "fail"

    assert not list((root / "warehouse/t").glob("*.parquet"))


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_query_merges(spark: SparkSession, tmp_path: Path, table_format: str) -> None:
    conf = "output: {mode: merge, keys: [id]}\nincremental: {by: files}\n"
    root = project(
        tmp_path, {"t": "select id, amount from sales"}, {"conf/jobs/t.yml": conf}, table_format=table_format
    )
    assert run(spark, root)["t"].status == "success"
    lay_out(root, {"landing/b.csv": "id,region,amount\n3,North,6\n4,East,1\n"})

    second = run(spark, root)["t"]

    assert (second.status, second.ledgers[0].read) == ("success", 2)
    assert rows(spark, root / "warehouse/t") == [(1, 10), (2, 20), (3, 6), (4, 1)]


MISTAKES = [
    ("select id,\n  nothing\nfrom sales", 2, "[UNRESOLVED_COLUMN.WITH_SUGGESTION]"),
    ("select id,\n  no_such(id)\nfrom sales", 2, "[UNRESOLVED_ROUTINE]"),
    ("-- a\n\nselect id,\n  id + array(1)\nfrom sales", 4, "[DATATYPE_MISMATCH"),
    ("select id\nfrom sales\nfor update", 3, "[PARSE_SYNTAX_ERROR]"),
]


@pytest.mark.parametrize(("sql", "line", "told"), MISTAKES)
def test_what_spark_refuses_is_told_at_its_line(
    spark: SparkSession, tmp_path: Path, sql: str, line: int, told: str
) -> None:
    message = only(spark, project(tmp_path, {"t": sql}), "t")

    assert message.startswith(f"'t': its function raised at {tmp_path}/queries/t.sql:{line}: {told}")
    assert spark.catalog.listTables() == []


def model(text: str) -> Model:
    """A model of which nothing is known but its text, as if no one had looked into it."""
    return Model("t", "t.sql", as_written(text), None, (), (), (), groups=False)


REFUSED = [
    ("with q as (table hidden)\nselect * from q", 1, "it reads 'hidden', which is no input"),
    ("select id\nfrom sales join Hidden using (id)", 2, "it reads 'Hidden', which is no input"),
    ("select *\nfrom text.`/etc/hostname`", 1, "it reads 'text./etc/hostname', which is no input"),
    (
        "with `text./etc/hostname` as (select 1)\nselect * from text.`/etc/hostname`",
        1,
        "it reads 'text./etc/hostname', which is no input",
    ),
    ("select exists (select 1\nfrom hidden) as x", 2, "it reads 'hidden', which is no input"),
    ("select\n  reflect('java.lang.System', 'getenv', 'HOME') as x", 2, "reflect() calls what is not Spark"),
    ("select Try_Reflect('java.lang.System', 'getenv', 'HOME') as x", 1, "Try_Reflect() calls what is not"),
    ("select id from sales order by\njava_method('java.util.UUID', 'randomUUID')", 2, "java_method() calls"),
    ("\ncreate table made as select 1", 2, "[PARSE_SYNTAX_ERROR]"),
]


@pytest.mark.parametrize(("text", "line", "problem"), REFUSED)
def test_what_would_read_more_or_change_something_never_runs(
    spark: SparkSession, text: str, line: int, problem: str
) -> None:
    sales = spark.range(3)
    sales.createOrReplaceTempView("hidden")
    try:
        with pytest.raises(FunctionError) as raised:
            asked(spark, "t", model(text), as_written(text), {"sales": sales})
    finally:
        spark.catalog.dropTempView("hidden")

    assert str(raised.value).startswith(f"'t': its function raised at t.sql:{line}: {problem}")
    assert spark.catalog.listTables() == []


def test_what_spark_reads_behind_a_name_is_held_against_the_inputs(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Were a name to mean something else than it says, what is read would still tell."""
    (tmp_path / "a.txt").write_text("a\n")
    path = str(tmp_path / "a.txt")
    ours, other = spark.range(3), spark.read.text(path)

    assert strangers(other, [ours])[0].startswith("Relation [value#")
    assert strangers(other, [spark.read.text(path)]) == ()


@pytest.mark.parametrize("text", ["select '${spark.master}' as x", "select '${env:HOME}' as x -- ${x}"])
def test_settings_are_not_put_into_a_query(spark: SparkSession, tmp_path: Path, text: str) -> None:
    root = project(tmp_path, {"t": text})

    assert run(spark, root)["t"].status == "success"

    assert rows(spark, root / "warehouse/t") == [(text.split("'")[1],)]


def test_what_is_cached_stays_so_when_a_query_has_read_it(spark: SparkSession) -> None:
    cached = spark.range(3).selectExpr("id * 7 as id").cache()
    try:
        asked(
            spark, "t", model("select id from sales"), as_written("select id from sales"), {"sales": cached}
        )

        assert cached.storageLevel.useMemory
        assert spark.catalog.listTables() == []
    finally:
        cached.unpersist()


def test_an_error_that_is_not_of_the_analysis_has_its_file_too(spark: SparkSession, tmp_path: Path) -> None:
    message = only(spark, project(tmp_path, {"t": "select 1 as id,\n 1.5e999999999999BD as x"}), "t")

    assert message.startswith(f"'t': its function raised at {tmp_path}/queries/t.sql:")


INCREMENTAL = """\
{{ config(
    materialized='incremental',
    unique_key='id',
) }}
select id, amount, {{ 'true' if is_incremental() else 'false' }} as again
from {{ source('shop', 'sales') }}
{% if is_incremental() -%}
where id > (select max(id) from {{ this }}) or id = 2
{%- endif %}
"""


@pytest.mark.parametrize("table_format", FORMATS)
def test_a_query_that_is_asked_again_knows_its_table(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    root = project(tmp_path, {"t": INCREMENTAL}, table_format=table_format)
    run(spark, root)
    assert rows(spark, root / "warehouse/t") == [(1, 10, False), (2, 20, False), (3, 5, False)]
    lay_out(root, {"landing/b.csv": "id,region,amount\n2,South,21\n4,East,1\n"})
    lay_out(root, {"landing/a.csv": "id,region,amount\n1,North,11\n"})

    again = run(spark, root)["t"]

    assert again.status == "success"
    assert rows(spark, root / "warehouse/t") == [(1, 10, False), (2, 21, True), (3, 5, False), (4, 1, True)]
    assert run(spark, root)["t"].status == "no-op"

    run(spark, root, full_refresh=True)

    assert rows(spark, root / "warehouse/t") == [(1, 11, False), (2, 21, False), (4, 1, False)]
    assert spark.catalog.listTables() == []


HOSTILE = [
    "it's",
    "\\' or 1=1 --",
    "a\nb\x1e0\x1e\x1f\t\r\x00",
    "{{ ref('x') }}",
    "${spark.master} $5 $${x}",
    "Ünïcødé 🙂",
    '"`/* --',
    "",
    "\\u0041 \\n %_",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_in_a_template_is_what_conf_says_whatever_it_holds(spark: SparkSession, value: str) -> None:
    answers = Answers(str, str, lambda _: Opaque(value))
    sql = rendered("select {{ var('x') }} as a, '<{{ var('x') }}>' as b", answers, incremental=False)

    assert [tuple(row) for row in spark.sql(sql.text).collect()] == [(value, f"<{value}>")]


TEMPLATES = [
    (
        "{{ config(\n  tags=['a']\n) }}\n\nselect id,\n  nothing\nfrom {{ ref('good') }}",
        6,
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION]",
    ),
    (
        "{% for c in ['id', 'nothing'] %}\nselect\n  {{ c }} from {{ ref('good') }}\n{%- if not loop.last %}\nunion all{% endif %}\n{% endfor %}",
        3,
        "[UNRESOLVED_COLUMN",
    ),
]


@pytest.mark.parametrize(("text", "line", "told"), TEMPLATES)
def test_what_spark_refuses_of_a_template_is_told_at_its_line(
    spark: SparkSession, tmp_path: Path, text: str, line: int, told: str
) -> None:
    message = only(spark, project(tmp_path, {"t": text, "good": "select id from sales"}), "t")

    assert message.startswith(f"'t': its function raised at {tmp_path}/queries/t.sql:{line}: {told}")


def test_models_of_dbt_run_as_they_are(spark: SparkSession, tmp_path: Path) -> None:
    root = project(
        tmp_path, {}, {f"queries/{name.removeprefix('sql/')}": text for name, text in STARTERS.items()}
    )

    first = run(spark, root)

    assert {name: one.status for name, one in first.items()} == {
        "my_first_dbt_model": "fail",
        "my_second_dbt_model": "skipped",
    }
    path = root / "queries/example/my_first_dbt_model.sql"
    path.write_text(path.read_text().replace("-- where", "where"))
    assert {name: one.status for name, one in run(spark, root).items()} == dict.fromkeys(first, "success")
    assert rows(spark, root / "warehouse/my_second_dbt_model") == [(1,)]


STAGED = """\
{{ config(materialized='view') }}
select id, region, amount * {{ var('rate') }} as amount
from {{ source('shop', 'sales') }}
"""
VIEWS = {
    "stg": STAGED,
    "north": "{{ config(materialized='ephemeral') }} select * from {{ ref('stg') }} where region = 'North'",
    "total": "select sum(n.amount) as north, (select sum(amount) from {{ ref('stg') }}) as total from {{ ref('north') }} as n",
}
READS = """
@job
def counted(stg: DataFrame) -> DataFrame:
    return stg.groupBy("region").agg(F.count("*").alias("sales"))
"""
VIEW_CONF = {
    "conf/jobs/stg.yml": "params: {rate: 2}\n",
    "conf/jobs/counted.yml": "inputs: {stg: {ref: stg}}\nchecks:\n  - foreign_key: {columns: [region], input: stg, key: [region]}\n",
}


@pytest.mark.parametrize("table_format", FORMATS)
def test_views_feed_sql_and_python_and_are_no_tables(
    spark: SparkSession, tmp_path: Path, table_format: str
) -> None:
    root = project(tmp_path, VIEWS, VIEW_CONF, READS, table_format)

    results = run(spark, root)

    assert {name: one.status for name, one in results.items()} == {"counted": "success", "total": "success"}
    assert rows(spark, root / "warehouse/total") == [(30, 70)]
    assert rows(spark, root / "warehouse/counted") == [("North", 2), ("South", 1)]
    assert [(one.name, one.status) for one in results["counted"].checks] == [("foreign_key(region)", "pass")]
    assert [(one.input, one.read, one.valid) for one in results["total"].ledgers] == [
        ("north__stg__sales", 3, 3),
        ("stg__sales", 3, 3),
    ]
    assert sorted(path.name for path in (root / "warehouse").iterdir()) == ["counted", "total"]
    assert spark.catalog.listTables() == []

    lay_out(root, {"queries/north.sql": VIEWS["north"].replace("North", "South")})

    assert {job.name: job.reasons for job in planned(root)[1].jobs} == {
        "counted": (),
        "total": ("code changed",),
    }
    assert run(spark, root)["total"].status == "success"
    assert rows(spark, root / "warehouse/total") == [(40, 70)]


def test_what_is_wrong_with_a_view_is_told_at_its_line(spark: SparkSession, tmp_path: Path) -> None:
    root = project(
        tmp_path,
        {"stg": STAGED.replace("id, region", "id,\nregions"), "out": "select * from stg"},
        {"conf/jobs/stg.yml": "params: {rate: 2}\n"},
    )

    message = only(spark, root, "out")

    assert message.startswith(
        f"'out': its function raised at {tmp_path}/queries/stg.sql:3: [UNRESOLVED_COLUMN"
    )


def test_a_plan_explains_the_scans_of_a_query(spark: SparkSession, tmp_path: Path) -> None:
    root = project(
        tmp_path,
        {"good": "select * from sales", **VIEWS, "t": "select id from good where amount > 1"},
        VIEW_CONF,
        READS,
    )
    run(spark, root, "good")

    conf, plan = planned(root, "t", full_refresh=True)
    found = scans_of(lambda _: spark, conf, plan, NOW.now)

    assert found["t"].unknown is None
    (scan,) = found["t"].found
    assert (scan.path, scan.data_filters) == (
        str(root / "warehouse/good"),
        ("(good.amount IS NOT NULL)", "(good.amount > 1)"),
    )


def test_an_input_that_a_query_reads_twice_in_part_or_not_at_all_is_counted_once(
    spark: SparkSession, tmp_path: Path
) -> None:
    sql = {
        "twice": "select a.id from sales as a join sales as b on a.id < b.id",
        "few": "select id from sales limit 1",
        "never": "{% if is_incremental() %}select id from sales{% else %}select 1 as id{% endif %}",
    }
    root = project(tmp_path, sql, {"conf/jobs/never.yml": "inputs: {sales: {source: sales}}\n"})

    for name in sql:
        result = run(spark, root, name)[name]
        assert (result.status, result.message) == ("success", "first run")
        assert [(one.input, one.read, one.valid) for one in result.ledgers] == [("sales", 3, 3)]


def test_jobs_of_sql_run_beside_each_other(spark: SparkSession, tmp_path: Path) -> None:
    sql = {f"t{number}": f"from sales |> select id + {number} as id, :n as n" for number in range(3)}
    root = project(tmp_path, sql, {f"conf/jobs/{name}.yml": "params: {n: 1}\n" for name in sql})
    conf, plan = planned(root)

    results = executed(spark, conf, plan, threads=3).jobs

    assert [one.status for one in results] == ["success"] * 3
    assert rows(spark, root / "warehouse/t2") == [(3, 1), (4, 1), (5, 1)]

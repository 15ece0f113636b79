"""SQL files as jobs: what is asked of the text before Spark sees it, and what becomes of the conf."""

from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError
from sparkjobs.plan import graph_of
from sparkjobs.sql_models import FlawError
from sparkjobs.sql_models.looks import looked_into
from tests.unit.projects import DAILY, MAIN, conf_of, mistakes_of, plan_of, project, registry_of, write

PLAIN = "conf/sparkjobs.yml"
MAIN_SQL = MAIN.replace("[PACKAGE]", "[PACKAGE, sql]")


def sql_project(root: Path, files: dict[str, str]) -> Path:
    """The sound project of one Python job, and SQL files in the folder `sql`."""
    write(root, {"sql/__init__.py": ""})
    return project(root, {PLAIN: MAIN_SQL, **files})


TABLES = [
    ("select a from t where x = 1", ["t"]),
    ("with orders as (select * from orders) select * from orders", ["orders"]),
    ("with a as (select 1), b as (select * from a join c) select * from b", ["c"]),
    ("with a as (select * from b), b as (select 1) select * from a", ["b"]),
    ("with A as (select 1) select * from a", []),
    ("select * from (with a as (select * from x) select * from a) join a using (i)", ["a", "x"]),
    ("with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r", []),
    ("select * from a where exists (select 1 from b) and x in (select y from c)", ["a", "b", "c"]),
    ("select (select max(x) from a) as m, b.* from b, lateral (select * from c) as d", ["a", "b", "c"]),
    ("select * from a union all (select * from b except select * from c)", ["a", "b", "c"]),
    ("select * from `a b`", ["a b"]),
    ("select * from range(3), values (1) as v(x)", []),
    ("select * from t lateral view explode(x) e as y", ["t"]),
    ("values (1, 'a')", []),
    ("from t |> where x > 1", ["t"]),
    ("select 1 as one;\n-- done\n", []),
    ("select /*+ broadcast(o) */ * from t as o", ["t"]),
    ("with a as (values (1)) select * from a, lateral explode(array(1)) as e", []),
    ("select * from variant_explode(parse_json('{}'))", []),
]


@pytest.mark.parametrize(("sql", "tables"), TABLES)
def test_the_inputs_of_a_query_are_the_tables_that_are_not_its_own(sql: str, tables: list[str]) -> None:
    assert sorted(looked_into(sql).tables) == tables


UNREAD = "sqlglot cannot read it, so that its inputs are not known; say it otherwise, or in Python"
FLAWS = [
    ("select 1;\nselect 2", 2, "a file holds one query; this one holds 2"),
    ("-- nothing\n", 1, "a file holds one query; this one holds none"),
    ("\ninsert into t select 1", 2, "it is not a query: it begins with SELECT, WITH or VALUES"),
    ("create table x as\nselect 1", 1, "it is not a query: it begins with SELECT, WITH or VALUES"),
    ("drop table t", 1, "it is not a query: it begins with SELECT, WITH or VALUES"),
    (
        "select *\nfrom parquet.`/etc/x`",
        2,
        "'parquet./etc/x' is no input: a table is named without a dot or path",
    ),
    ("select * from a.b", 1, "'a.b' is no input: a table is named without a dot or path"),
    ("select *\nfrom read_files('/etc')", 2, "read_files() could read anything; name an input"),
    ("select * from identifier('a')", 1, "identifier() could read anything; name an input"),
    (
        "select transform(a) using 'cat' as (b) from t",
        1,
        "TRANSFORM … USING runs a program; a query only selects",
    ),
    ("select ?", 1, "a parameter has a name, as in :least"),
    ("select a,\n  b c d from t", 2, "Invalid expression / Unexpected token, at 'd'"),
    ("select a,\n  'b from t", 2, "the end comes too early: Missing '"),
    ("with q as\n(table hidden) select * from q", 1, "what `with` names is no query: write SELECT or VALUES"),
    ("select * from t,\nlateral read(t.x) as r", 2, "read() could read anything; name an input"),
    ("select * from t\nlateral view read(x) r as y", 2, "read() could read anything; name an input"),
    ("select " + "(" * 3000 + "1" + ")" * 3000, 1, f"{UNREAD} (RecursionError)"),
]


@pytest.mark.parametrize(("sql", "line", "problem"), FLAWS)
def test_what_is_not_one_query_over_inputs_is_refused_with_its_line(
    sql: str, line: int, problem: str
) -> None:
    with pytest.raises(FlawError) as raised:
        looked_into(sql)

    assert (raised.value.line, str(raised.value)) == (line, problem)


def test_a_mistake_has_its_column() -> None:
    with pytest.raises(FlawError) as raised:
        looked_into("select a,\n  b c d from t")

    assert (raised.value.line, raised.value.column) == (2, 7)


def test_a_sql_file_is_a_job_without_any_conf(tmp_path: Path) -> None:
    root = sql_project(tmp_path, {"sql/deep/totals.sql": "select id from daily, sales"})

    conf = conf_of(root)

    job = conf.jobs["totals"]
    assert {name: (one.ref, one.source) for name, one in job.inputs.items()} == {
        "daily": ("daily", None),
        "sales": (None, "sales"),
    }
    assert (job.output.format, job.output.mode) == ("delta", "overwrite")
    assert job.output.path == str(root / "warehouse/totals")
    assert graph_of(conf, registry_of(conf)).order == ("daily", "totals")
    assert conf.models["totals"].file == str(root / "sql/deep/totals.sql")


def test_conf_says_what_a_table_of_a_query_is(tmp_path: Path) -> None:
    files = {
        "sql/totals.sql": "select d.id from d join sales using (id)",
        "conf/jobs/totals.yml": "inputs: {d: {ref: daily, lookup: true}}\noutput: {mode: append}\n",
    }
    job = conf_of(sql_project(tmp_path, files)).jobs["totals"]

    assert (job.inputs["d"].ref, job.inputs["d"].lookup) == ("daily", True)
    assert job.inputs["sales"].source == "sales"
    assert job.output.mode == "append"


def test_a_project_says_where_jobs_publish_that_do_not_say_it_themselves(tmp_path: Path) -> None:
    main = MAIN_SQL + "output: {format: parquet, folder: '${warehouse}/deep'}\n"
    files = {
        PLAIN: main,
        "conf/jobs/daily.yml": DAILY.replace("output: {format: parquet, path: '${warehouse}/daily'}\n", ""),
        "conf/jobs/totals.yml": "output: {format: delta}\n",
        "sql/totals.sql": "select 1 as id",
    }

    jobs = conf_of(sql_project(tmp_path, files)).jobs

    assert (jobs["daily"].output.format, jobs["daily"].output.path) == (
        "parquet",
        str(tmp_path / "warehouse/deep/daily"),
    )
    assert (jobs["totals"].output.format, jobs["totals"].output.path) == (
        "delta",
        str(tmp_path / "warehouse/deep/totals"),
    )


def test_a_query_may_have_no_inputs_and_a_function_may_not(tmp_path: Path) -> None:
    files = {
        "sql/ones.sql": "select 1 as id",
        "conf/jobs/daily.yml": DAILY.replace("inputs: {sales: {source: sales}}\n", ""),
    }

    assert mistakes_of(sql_project(tmp_path, files)) == ("conf/jobs/daily.yml:1:1: daily lacks 'inputs'",)


def test_a_job_without_inputs_is_up_to_date_by_its_text(tmp_path: Path) -> None:
    root = sql_project(tmp_path, {"sql/ones.sql": "select 1 as id"})
    (job,) = plan_of(root, "ones").jobs
    assert (job.inputs, job.reasons) == ((), ("first run",))
    (again,) = plan_of(root, "ones", full_refresh=True).jobs
    assert again.reasons == ("full refresh",)

    (root / "sql/ones.sql").write_text("select 2 as id")

    (changed,) = plan_of(root, "ones").jobs
    assert changed.code != job.code


def test_what_is_asked_of_a_table_that_is_there_is_code_too(tmp_path: Path) -> None:
    text = "{% if is_incremental() %}select 1 as id{% else %}select 2 as id{% endif %}"
    (job,) = plan_of(sql_project(tmp_path, {"sql/t.sql": text}), "t").jobs

    (tmp_path / "sql/t.sql").write_text(text.replace("1", "3"))

    (changed,) = plan_of(tmp_path, "t").jobs
    assert changed.code != job.code


CONF_FLAWS = [
    (
        {"sql/t.sql": "select * from daily, Daily", "conf/jobs/t.yml": "inputs: {Daily: {source: sales}}\n"},
        "sql/t.sql:1:1: 'Daily' differs from another table in case alone, which Spark does not see",
    ),
    (
        {"sql/t.sql": "select *\nfrom sale"},
        "sql/t.sql:2:6: 'sale' is no job, source or input; did you mean 'sales'?",
    ),
    (
        {"sql/t.sql": "select * from sales", "sql/sales.sql": "select 1 as id"},
        "sql/t.sql:1:15: 'sales' is a job and a source; say which under `inputs:` in conf/jobs/t.yml",
    ),
    (
        {"sql/t.sql": "select * from sales where id > :last", "conf/jobs/t.yml": "params: {least: 1}\n"},
        "sql/t.sql:1:32: 'last' has no value; did you mean 'least'? (`params:` in conf/jobs/t.yml, `vars:` in conf/sparkjobs.yml)",
    ),
    (
        {
            "sql/t.sql": "-- :last\nselect ':last', id from sales\nwhere id > :last_id and id > :last",
            "conf/jobs/t.yml": "params: {last_id: 1}\n",
        },
        "sql/t.sql:3:30: 'last' has no value; did you mean 'last_id'?",
    ),
    (
        {"sql/t.sql": "select :key", "conf/jobs/t.yml": "params: {key: '${secret:env:KEY}'}\n"},
        "sql/t.sql:1:8: 'key' is a secret, and Spark shows the values of SQL in its plans",
    ),
    (
        {"sql/t.sql": "select 1 as id", "sql/deep/t.sql": "select 2 as id"},
        "sql/t.sql:1:1: 't' is already a job, at sql/deep/t.sql",
    ),
    ({"sql/two words.sql": "select 1 as id"}, "'two words' is not a name: letters, digits and _"),
    (
        {"sql/t.sql": "select 1 as id", "conf/jobs/t.yml": "output: {mode: append}\n"},
        "sql/t.sql:1:1: without inputs, mode append would double its rows; overwrite them",
    ),
    (
        {
            "sql/t.sql": "select 1 as id",
            "conf/jobs/t.yml": "output: {mode: merge, keys: [id]}\nincremental: {by: files}\n",
        },
        "sql/t.sql:1:1: it is `incremental`, and has no input whose rows it could take",
    ),
    (
        {"sql/t.sql": "select :least", "conf/jobs/t.yml": "params: {least: {}}\n"},
        "sql/t.sql:1:8: 'least' must be text, a number",
    ),
    (
        {"sql/t.sql": "select :some", "conf/jobs/t.yml": "params: {some: [1, a]}\n"},
        "sql/t.sql:1:8: 'some' is a list of several kinds of values; no column has them all",
    ),
    (
        {"sql/t.sql": "select :some", "conf/jobs/t.yml": "params: {some: [true, 1]}\n"},
        "sql/t.sql:1:8: 'some' is a list of several kinds of values; no column has them all",
    ),
    (
        {"sql/t.sql": "select :keys", "conf/jobs/t.yml": "params: {keys: [a, '${secret:env:KEY}']}\n"},
        "sql/t.sql:1:8: 'keys' is a secret, and Spark shows the values of SQL in its plans",
    ),
    (
        {"sql/t.sql": "select 1 as id\nfrom _sparkjobs_this"},
        "sql/t.sql:2:6: '_sparkjobs_this' is a name of ours; `this` is written {{ this }}",
    ),
    (
        {"sql/t.sql": "select {{ 1 }} as id\nfrom _sparkjobs_this"},
        "sql/t.sql:2:1: '_sparkjobs_this' is a name of ours; `this` is written {{ this }}",
    ),
    (
        {"sql/t.sql": "select 1 as id\r\nfrom sale"},
        "sql/t.sql:2:6: 'sale' is no job, source or input; did you mean 'sales'?",
    ),
    (
        {"sql/t.sql": "select * from t"},
        "sql/t.sql:1:15: 't' is no job, source or input",
    ),
    ({"sql/t.sql": f"-- {'x' * 1_000_000}\nselect 1"}, "sql/t.sql:1:1: it cannot be read: it is too long"),
]


@pytest.mark.parametrize(("files", "mistake"), CONF_FLAWS)
def test_what_a_query_asks_for_must_be_there(tmp_path: Path, files: dict[str, str], mistake: str) -> None:
    found = mistakes_of(sql_project(tmp_path, files))

    assert any(mistake in one for one in found), found


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    root = sql_project(tmp_path, {})
    (root / "sql/t.sql").write_bytes(b"select '\xff'")

    (mistake,) = mistakes_of(root)

    assert mistake.startswith("sql/t.sql:1:1: it cannot be read: 'utf-8' codec can't decode byte 0xff")


MISFITS = [
    (
        {"sql/t.sql": "select 1 as id", "conf/jobs/t.yml": "inputs: {sales: {source: sales}}\n"},
        "conf/jobs/t.yml:1:10: t ({root}/sql/t.sql:1) takes no input 'sales'",
    ),
    (
        {"sql/t.sql": "select 1 as id", "conf/jobs/t.yml": "params: {least: 1}\n"},
        "conf/jobs/t.yml:1:10: t ({root}/sql/t.sql:1) takes no param 'least'",
    ),
    (
        {
            "sql/t.sql": "select 1 as id",
            "conf/jobs/u.yml": "function: t\ninputs: {sales: {source: sales}}\noutput: {format: delta, path: '${warehouse}/u'}\n",
        },
        "conf/jobs/u.yml:1:1: 't' is SQL, which runs under its own name",
    ),
]


@pytest.mark.parametrize(("files", "mistake"), MISFITS)
def test_conf_that_does_not_fit_a_query_is_refused(
    tmp_path: Path, files: dict[str, str], mistake: str
) -> None:
    conf = conf_of(sql_project(tmp_path, files))

    with pytest.raises(ConfigError) as raised:
        graph_of(conf, registry_of(conf))

    assert mistake.replace("{root}", str(tmp_path)) in raised.value.mistakes


def test_a_function_and_a_query_of_one_name_are_told_with_both_places(tmp_path: Path) -> None:
    conf = conf_of(sql_project(tmp_path, {"sql/daily.sql": "select * from sales where id > :least"}))

    with pytest.raises(ConfigError) as raised:
        registry_of(conf)

    (mistake,) = raised.value.mistakes
    assert mistake.endswith(f"/__init__.py:4: 'daily' is already a job, at {tmp_path}/sql/daily.sql:1")


def test_a_folder_of_queries_needs_no_python(tmp_path: Path) -> None:
    main = MAIN.replace("[PACKAGE]", "[only_sql.sales]")
    root = write(tmp_path, {PLAIN: main, "only_sql/sales/ones.sql": "select 1 as id"})

    assert [(job.name, job.reasons) for job in plan_of(root).jobs] == [("ones", ("first run",))]
    assert [job.name for job in plan_of(root, "path:only_sql/sales").jobs] == ["ones"]

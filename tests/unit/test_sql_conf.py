"""The conf of a SQL model, in its three places: conf/jobs, config(…) in the file, a properties file beside it."""

from pathlib import Path

import pytest

from sparkjobs.plan import graph_of
from tests.unit.projects import conf_of, mistakes_of, registry_of
from tests.unit.test_sql_models import MAIN_SQL, sql_project

FIRST = """
/*
    Welcome to your first dbt model!
    Did you know that you can also configure models directly within SQL files?
    This will override configurations stated in dbt_project.yml

    Try changing "table" to "view" below
*/

{{ config(materialized='table') }}

with source_data as (

    select 1 as id
    union all
    select null as id

)

select *
from source_data

/*
    Uncomment the line below to remove records with null `id` values
*/

-- where id is not null
"""
SECOND = """
-- Use the `ref` function to select from other models

select *
from {{ ref('my_first_dbt_model') }}
where id = 1
"""
SCHEMA = """
version: 2

models:
  - name: my_first_dbt_model
    description: "A starter dbt model"
    columns:
      - name: id
        description: "The primary key for this table"
        data_tests:
          - unique
          - not_null

  - name: my_second_dbt_model
    description: "A starter dbt model"
    columns:
      - name: id
        description: "The primary key for this table"
        data_tests:
          - unique
          - not_null
"""
STARTERS = {
    "sql/example/my_first_dbt_model.sql": FIRST,
    "sql/example/my_second_dbt_model.sql": SECOND,
    "sql/example/schema.yml": SCHEMA,
}


def test_the_models_that_dbt_starts_a_project_with_are_jobs_as_they_are(tmp_path: Path) -> None:
    conf = conf_of(sql_project(tmp_path, STARTERS))

    order = graph_of(conf, registry_of(conf)).order
    assert [name for name in order if name != "daily"] == ["my_first_dbt_model", "my_second_dbt_model"]
    first = conf.jobs["my_first_dbt_model"]
    assert first.description == "A starter dbt model"
    assert [(one.kind, one.arguments) for one in first.checks] == [
        ("unique", {"columns": ("id",)}),
        ("not_null", {"columns": ("id",)}),
    ]
    assert (first.output.format, first.output.mode) == ("delta", "overwrite")
    assert first.output.path == str(tmp_path / "warehouse/my_first_dbt_model")


def test_config_says_how_a_table_is_made(tmp_path: Path) -> None:
    head = "{{ config(materialized='incremental', unique_key='id', partition_by=['day'], file_format='parquet', tags='daily', description='Ids') }}"
    job = conf_of(sql_project(tmp_path, {"sql/t.sql": head + " values (1, 'x')"})).jobs["t"]

    assert job.output.model_dump(exclude_defaults=True) == {
        "format": "parquet",
        "path": str(tmp_path / "warehouse/t"),
        "mode": "merge",
        "keys": ("id",),
        "partition_by": ("day",),
    }
    assert (job.tags, job.description) == (("daily",), "Ids")


STRATEGIES = [
    ("incremental_strategy='append'", "incremental: {by: files}\n", "append"),
    ("unique_key=['id']", "", "merge"),
    ("incremental_strategy='merge', unique_key='id'", "", "merge"),
    ("incremental_strategy='insert_overwrite', partition_by='id'", "", "overwrite_partitions"),
    ("partition_by='id'", "incremental: {by: files}\n", "append"),
]


@pytest.mark.parametrize(("settings", "conf", "mode"), STRATEGIES)
def test_a_strategy_of_dbt_is_a_mode(tmp_path: Path, settings: str, conf: str, mode: str) -> None:
    text = f"{{{{ config(materialized='incremental', {settings}) }}}} from sales"
    files = {"sql/t.sql": text, "conf/jobs/t.yml": conf or "tags: [a]\n"}

    assert conf_of(sql_project(tmp_path, files)).jobs["t"].output.mode == mode


def test_what_three_places_say_of_one_job_holds_together(tmp_path: Path) -> None:
    files = {
        "sql/t.sql": "{{ config(tags=['a']) }}\nselect {{ var('n') }} as id, {{ var('m') }} as m from {{ ref('daily') }}",
        "sql/more.yml": "models:\n- name: t\n  description: Ids\n  config: {partition_by: id}\n  columns:\n  - {name: id, tests: [{accepted_values: {values: [1], config: {severity: warn}}}, {relationships: {to: ref('daily'), field: id}}]}\n",
        "conf/jobs/t.yml": "params: {n: 1}\noutput: {sort_by: [m]}\ncache: [daily]\n",
        "conf/sparkjobs.yml": MAIN_SQL + "vars: {m: 2, n: 3}\n",
    }

    conf = conf_of(sql_project(tmp_path, files))

    job = conf.jobs["t"]
    assert (job.tags, job.description, job.cache) == (("a",), "Ids", ("daily",))
    assert (job.output.partition_by, job.output.sort_by) == (("id",), ("m",))
    assert conf.models["t"].sql.text == "\nselect 1 as id, 2 as m from `daily`"
    assert not job.inputs["daily"].for_checks
    assert [(one.kind, one.severity, one.arguments) for one in job.checks] == [
        ("accepted_values", "warn", {"column": "id", "values": (1,)}),
        ("foreign_key", "error", {"columns": ("id",), "input": "daily", "key": ("id",)}),
    ]


def test_what_dbt_keeps_for_its_documentation_decides_nothing(tmp_path: Path) -> None:
    column = "{name: id, data_type: int, quote: true, meta: {owner: me}, tests: [unique]}"
    files = {
        "sql/t.sql": "select id from sales",
        "sql/t.yml": f"models: [{{name: t, docs: {{show: false}}, meta: {{owner: me}}, columns: [{column}]}}]\n",
    }

    job = conf_of(sql_project(tmp_path, files)).jobs["t"]

    assert [(one.kind, one.arguments) for one in job.checks] == [("unique", {"columns": ("id",)})]


def test_a_table_of_a_test_alone_is_an_input_for_checks(tmp_path: Path) -> None:
    files = {
        "sql/t.sql": "select 1 as id from {{ source('sales') }}",
        "sql/t.yml": "models:\n- name: t\n  columns:\n  - {name: id, tests: [{relationships: {to: ref('daily'), field: id}}]}\n",
    }
    conf = conf_of(sql_project(tmp_path, files))

    assert conf.jobs["t"].inputs["daily"].for_checks
    graph_of(conf, registry_of(conf))


def test_vars_come_from_an_overlay_and_from_the_command_line(tmp_path: Path) -> None:
    root = sql_project(
        tmp_path, {"sql/t.sql": "select {{ var('n', 1) }} as n", "conf/env/prod.yml": "vars: {n: 2}\n"}
    )

    assert conf_of(root).models["t"].sql.text == "select 1 as n"
    assert conf_of(root, "prod").models["t"].sql.text == "select 2 as n"
    assert conf_of(root, "prod", ("vars.n=3",)).models["t"].sql.text == "select 3 as n"


def test_a_source_is_called_as_dbt_calls_it_or_by_its_name(tmp_path: Path) -> None:
    sources = "raw_sales: {format: csv, path: '${landing}/raw/*.csv', columns: {id: int}}\nsales: {format: csv, path: '${landing}/sales/*.csv', columns: {id: int, amount: double}}\n"
    files = {
        "conf/sources.yml": sources,
        "sql/t.sql": "select * from {{ source('raw_sales') }} union all select id from {{ source('shop', 'sales') }}",
    }

    assert sorted(conf_of(sql_project(tmp_path, files)).jobs["t"].inputs) == ["raw_sales", "sales"]


FLAWS = [
    (
        {"sql/t.sql": "\nselect * from {{ ref('dayly') }}"},
        "sql/t.sql:2:1: ref('dayly') is no job; did you mean 'daily'?",
    ),
    (
        {"sql/t.sql": "select * from {{ ref('sales') }}"},
        "sql/t.sql:1:1: ref('sales') is no job; write source('sales')",
    ),
    (
        {"sql/t.sql": "select * from {{ source('daily') }}"},
        "sql/t.sql:1:1: source('daily') is no source; write ref('daily')",
    ),
    (
        {"sql/t.sql": "select * from {{ source('raw', 'sale') }}"},
        "sql/t.sql:1:1: source('raw', 'sale') is no source; did you mean 'sales'?",
    ),
    (
        {"sql/t.sql": "select * from {{ ref(var('x')) }}", "conf/jobs/t.yml": "params: {x: daily}\n"},
        "sql/t.sql:1:1: ref() takes names in quotes",
    ),
    (
        {"sql/t.sql": "select\n{{ var('lest') }}", "conf/jobs/t.yml": "params: {least: 1}\n"},
        "sql/t.sql:2:1: 'lest' has no value; did you mean 'least'?",
    ),
    (
        {"sql/t.sql": "select {{ var('k') }}", "conf/jobs/t.yml": "params: {k: '${secret:env:KEY}'}\n"},
        "sql/t.sql:1:1: 'k' is a secret, and Spark shows the values of SQL in its plans",
    ),
    (
        {
            "sql/t.sql": "select {{ var('k', 'x') }}",
            "conf/jobs/t.yml": "params: {k: ['${secret:env:KEY}']}\n",
        },
        "sql/t.sql:1:1: 'k' is a secret, and Spark shows the values of SQL in its plans",
    ),
    (
        {"sql/t.sql": "select {{ var('k', \"it's\") ~ 'x' }}"},
        "sql/t.sql:1:1: a value of conf cannot become part of a text",
    ),
    (
        {"sql/t.sql": "select {{ var('k')[0] ~ 'x' }}", "conf/jobs/t.yml": "params: {k: [a]}\n"},
        "sql/t.sql:1:1: a value of conf cannot become part of a text",
    ),
    (
        {"sql/t.sql": "{% if false %}\n{{ config(tags='a') }}{% endif %}select 1"},
        "sql/t.sql:2:1: config(…) stands by itself, outside of `if`, `for` and `set`",
    ),
    (
        {"sql/t.sql": "{% set c = config %}{{ c(tags='a') }}select 1"},
        "sql/t.sql:1:1: config(…) stands by itself, outside of `if`, `for` and `set`",
    ),
    (
        {"sql/t.sql": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}"},
        "sql/t.sql:1:1: its brackets are too deep to be read",
    ),
    (
        {"sql/t.sql": "{{ config(\n  materialised='table') }}select 1"},
        "sql/t.sql:2:1: 'materialised' is not a key of config; did you mean 'materialized'?",
    ),
    (
        {"sql/t.sql": "{{ config(materialized='tabel') }}select 1"},
        "sql/t.sql:1:1: materialized: 'tabel' is not known; did you mean 'table'?",
    ),
    (
        {"sql/t.sql": "{{ config(unique_key='id') }}select 1"},
        "sql/t.sql:1:1: 'unique_key' is of `materialized: incremental`",
    ),
    (
        {"sql/t.sql": "{{ config(materialized='incremental') }}select id from sales"},
        "sql/t.sql:1:1: every run would append all its rows again: say `incremental: {by: …}` in conf/jobs/t.yml, or give it a unique_key",
    ),
    (
        {
            "sql/t.sql": "\n{{ config(partition_by='id') }}select 1 as id",
            "conf/jobs/t.yml": "output:\n  partition_by: [id]\n",
        },
        "sql/t.sql:2:1: 'output.partition_by' stands at conf/jobs/t.yml:2:3 too; say it in one place",
    ),
    (
        {
            "sql/t.sql": "{{ config(description='a') }}select 1 as id",
            "sql/t.yml": "models: [{name: t, description: b}]\n",
        },
        "sql/t.yml:1:33: 'description' stands at sql/t.sql:1:1 too; say it in one place",
    ),
    (
        {"sql/t.sql": "{{ config(tags='a') }}{{ config(tags='b') }}select 1"},
        "sql/t.sql:1:1: 'tags' stands at sql/t.sql:1:1 too",
    ),
    (
        {"sql/t.sql": "select 1", "sql/t.yml": "models: [{name: tt}]\n"},
        "sql/t.yml:1:10: there is no tt.sql; did you mean 't'?",
    ),
    (
        {"sql/t.sql": "select 1", "sql/t.yml": "models: [{name: t, colums: []}]\n"},
        "sql/t.yml:1:20: 'colums' is not a key of a model; did you mean 'columns'?",
    ),
    (
        {"sql/t.sql": "select 1", "sql/t.yml": "sources: []\n"},
        "sql/t.yml:1:1: sources are declared in conf/sources.yml",
    ),
    (
        {
            "sql/t.sql": "select 1",
            "sql/t.yml": "models: [{name: t, columns: [{name: a, tests: [dbt_utils.at_least_one]}]}]\n",
        },
        "sql/t.yml:1:48: 'dbt_utils.at_least_one': here stand accepted_values, not_null, relationships, unique; `sparkjobs import dbt` knows more, for conf/jobs",
    ),
    (
        {"sql/t.sql": "with daily as (select 1), x as (select * from {{ ref('daily') }})\nselect * from x"},
        "sql/t.sql:1:1: the common table 'daily' hides the input of that name; rename it",
    ),
    (
        {"sql/t.sql": "\n{# a\n #}\ninsert into x\nselect 1"},
        "sql/t.sql:4:1: it is not a query: it begins with SELECT, WITH or VALUES",
    ),
    ({"sql/t.sql": "{{ 1 }} select 1; select 2"}, "sql/t.sql:1:1: "),
]


@pytest.mark.parametrize(("files", "mistake"), FLAWS)
def test_a_mistake_has_its_place_in_the_file_where_it_stands(
    tmp_path: Path, files: dict[str, str], mistake: str
) -> None:
    found = mistakes_of(sql_project(tmp_path, files))

    assert any(one.startswith(mistake) for one in found), found


def test_a_mistake_elsewhere_says_nothing_of_what_a_model_reads(tmp_path: Path) -> None:
    """What it reads was not asked then: all that is known of its inputs is what its tests compare with."""
    compared = "models:\n- name: t\n  columns:\n  - {name: id, tests: [{relationships: {to: ref('daily'), field: id}}]}\n"
    files = {"sql/t.sql": "select id from {{ source('sales') }}", "sql/t.yml": compared}

    elsewhere = mistakes_of(sql_project(tmp_path / "a", {**files, "sql/u.yml": "seeds: []\n"}))
    inside = mistakes_of(
        sql_project(tmp_path / "b", {**files, "sql/t.sql": "select id from {{ ref('dayly') }}"})
    )

    assert elsewhere == ("sql/u.yml:1:1: a file is a source, in conf/sources.yml",)
    assert inside == ("sql/t.sql:1:1: ref('dayly') is no job; did you mean 'daily'?",)

"""Views: queries that are no tables, made anew by each job that reads them."""

from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError
from sparkjobs.plan import as_json, as_text, graph_of
from sparkjobs.sql_models import View
from tests.unit.projects import DAILY, conf_of, mistakes_of, plan_of, registry_of
from tests.unit.test_cli import sparkjobs
from tests.unit.test_sql_models import sql_project


def view(query: str) -> str:
    return "{{ config(materialized='view') }}\n" + query


STAGED = {
    "sql/stg.sql": view(
        "select id, amount from {{ source('raw', 'sales') }} where id > {{ var('least', 0) }}"
    )
}


def told(views: tuple[View, ...]) -> list[tuple[str, str, dict[str, str]]]:
    return [(view.name, view.model.name, dict(view.tables)) for view in views]


def test_a_job_that_reads_a_view_reads_what_the_view_reads(tmp_path: Path) -> None:
    files = {
        **STAGED,
        "sql/deep.sql": "{{ config(materialized='ephemeral') }}select s.id from {{ ref('stg') }} s join {{ ref('daily') }} using (id)",
        "sql/out.sql": "select * from {{ ref('deep') }} join {{ ref('stg') }} using (id)",
    }
    conf = conf_of(sql_project(tmp_path, files))

    assert sorted(conf.jobs) == ["daily", "out"]
    assert sorted(conf.views) == ["deep", "stg"]
    assert {name: one.ref or one.source for name, one in conf.jobs["out"].inputs.items()} == {
        "deep__stg__sales": "sales",
        "deep__daily": "daily",
        "stg__sales": "sales",
    }
    assert told(conf.inlined["out"]) == [
        ("deep__stg", "stg", {"sales": "deep__stg__sales"}),
        ("deep", "deep", {"stg": "deep__stg", "daily": "deep__daily"}),
        ("stg", "stg", {"sales": "stg__sales"}),
    ]
    assert graph_of(conf, registry_of(conf)).order == ("daily", "out")


def test_a_function_reads_a_view_too(tmp_path: Path) -> None:
    conf_of_daily = DAILY.replace("{sales: {source: sales}}", "{sales: {ref: stg}}")
    root = sql_project(tmp_path, {**STAGED, "conf/jobs/daily.yml": conf_of_daily})
    conf = conf_of(root)

    graph_of(conf, registry_of(conf))
    assert told(conf.inlined["daily"]) == [("sales", "stg", {"sales": "sales__sales"})]
    before = plan_of(root, "daily").jobs[0].code
    (root / "sql/stg.sql").write_text(STAGED["sql/stg.sql"] + " and true")
    assert plan_of(root, "daily").jobs[0].code != before


def test_conf_makes_a_plain_query_a_view(tmp_path: Path) -> None:
    files = {
        "sql/stg.sql": "select * from sales where id > :least",
        "conf/jobs/stg.yml": "output: view\nparams: {least: 3}\ntags: [a]\n",
        "sql/out.sql": "select * from stg",
    }
    conf = conf_of(sql_project(tmp_path, files))

    (view,) = conf.inlined["out"]
    assert view.model.arguments == (("least", 3),)
    assert conf_of(tmp_path, sets=("jobs.stg.params.least=4",)).inlined["out"][0].model.arguments == (
        ("least", 4),
    )


def test_a_view_may_be_what_a_check_compares_with(tmp_path: Path) -> None:
    files = {
        **STAGED,
        "sql/out.sql": "select 1 as id from {{ ref('daily') }}",
        "sql/out.yml": "models:\n- name: out\n  columns:\n  - {name: id, tests: [{relationships: {to: ref('stg'), field: id}}]}\n",
    }
    conf = conf_of(sql_project(tmp_path, files))

    graph_of(conf, registry_of(conf))
    assert conf.jobs["out"].inputs["stg__sales"].for_checks
    assert told(conf.inlined["out"]) == [("stg", "stg", {"sales": "stg__sales"})]


FLAWS = [
    (
        {"conf/jobs/stg.yml": "checks:\n- not_null: [id]\n"},
        "conf/jobs/stg.yml:1:1: stg is a view, which has no 'checks'; make it a table, or say them in the contract of its source",
    ),
    (
        {"conf/jobs/stg.yml": "incremental: {by: files}\n"},
        "conf/jobs/stg.yml:1:1: stg is a view, which has no 'incremental'; make it a table",
    ),
    (
        {"conf/jobs/stg.yml": "output: {format: delta}\n"},
        "sql/stg.sql:1:1: 'output' stands at conf/jobs/stg.yml:1:1 too; say it in one place",
    ),
    (
        {
            "sql/out.sql": "select * from stg",
            "conf/jobs/out.yml": "incremental: {by: files}\noutput: {mode: append}\n",
        },
        "sql/out.sql:1:15: 'stg' is a view, of which no part can be taken: say `lookup: true`, or make it a table",
    ),
    (
        {
            "sql/a.sql": view("select * from b"),
            "sql/b.sql": view("select * from a"),
            "sql/out.sql": "select * from a",
        },
        "views in a circle: a → b → a",
    ),
    (
        {
            "sql/out.sql": "select * from stg, {{ ref('daily') }} as d, stg__sales",
            "conf/jobs/out.yml": "inputs: {stg__sales: {source: sales}}\n",
        },
        "two inputs are called 'stg__sales'; rename one",
    ),
    (
        {"conf/jobs/stg.yml": "params: {least: 1, most: []}\ntags: 1\n"},
        "conf/jobs/stg.yml:2:1: tags: must be a list, not 1",
    ),
]


@pytest.mark.parametrize(("files", "mistake"), FLAWS)
def test_what_a_view_cannot_be_is_told(tmp_path: Path, files: dict[str, str], mistake: str) -> None:
    found = mistakes_of(sql_project(tmp_path, {**STAGED, **files}))

    assert any(mistake in one for one in found), found


def test_an_incremental_job_looks_a_view_up(tmp_path: Path) -> None:
    files = {
        **STAGED,
        "sql/out.sql": "select s.id from sales s join stg using (id)",
        "conf/jobs/out.yml": "inputs: {stg: {ref: stg, lookup: true}}\nincremental: {by: files}\noutput: {mode: append}\n",
    }
    job = conf_of(sql_project(tmp_path, files)).jobs["out"]

    assert {name: one.lookup for name, one in job.inputs.items()} == {"stg__sales": True, "sales": False}


def test_jobs_in_a_circle_through_a_view_are_told(tmp_path: Path) -> None:
    files = {
        "sql/stg.sql": view("select * from out"),
        "sql/out.sql": "select * from stg",
    }
    conf = conf_of(sql_project(tmp_path, files))

    with pytest.raises(ConfigError) as raised:
        graph_of(conf, registry_of(conf))

    assert any("jobs in a circle: out → out" in one for one in raised.value.mistakes)


def test_a_plan_tells_of_views(tmp_path: Path) -> None:
    plan = plan_of(sql_project(tmp_path, {**STAGED, "sql/out.sql": "select * from stg"}), "out")

    assert "\n  in   stg__sales: sales, 1 csv files, 0.0 MB\n  view stg: stg__sales\n" in as_text(plan)
    assert '"name": "stg"' in as_json(plan)


def test_the_name_of_a_view_selects_who_makes_it(tmp_path: Path) -> None:
    files = {**STAGED, "sql/out.sql": "select * from stg", "sql/last.sql": "select * from out"}
    root = sql_project(tmp_path, files)

    assert [job.name for job in plan_of(root, "stg+").jobs] == ["out", "last"]


def test_a_list_tells_of_the_views_that_its_jobs_make(tmp_path: Path) -> None:
    files = {**STAGED, "sql/out.sql": "select * from {{ ref('stg') }}"}
    root = str(sql_project(tmp_path, files))

    told = [sparkjobs("list", *select, "--project", root).stdout for select in ((), ("out",), ("daily",))]

    daily = "daily: source sales → parquet overwrite\n"
    out, stg = "out: source sales → delta overwrite\n", "stg: source sales → view\n"
    assert told == [daily + out + stg, out + stg, daily]


def test_a_function_and_a_view_of_one_name_are_told_with_both_places(tmp_path: Path) -> None:
    root = sql_project(tmp_path, {"sql/daily.sql": view("select 1 as id")})
    (root / "conf/jobs/daily.yml").unlink()
    conf = conf_of(root)

    with pytest.raises(ConfigError) as raised:
        graph_of(conf, registry_of(conf))

    (mistake,) = raised.value.mistakes
    assert mistake.endswith("/__init__.py:4: 'daily' is a view already, at sql/daily.sql:1:1")

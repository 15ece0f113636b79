"""What must hold between conf and functions before anything may run."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sparkjobs.errors import ConfigError
from sparkjobs.plan import Graph, graph_of
from tests.unit.projects import CODE, DAILY, SOURCES, conf_of, project, registry_of

WEEKLY = "inputs: {days: {ref: daily}}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
WEEKLY_CODE = CODE + "\n\n@job\ndef weekly(days):\n    return days\n"


def _graph(root: Path, files: Mapping[str, str | bytes], code: str = CODE) -> Graph:
    conf = conf_of(project(root, files, code))
    return graph_of(conf, registry_of(conf))


def _told(root: Path, files: Mapping[str, str | bytes], code: str = CODE) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _graph(root, files, code)
    package = next(root.glob("jobs_*")).name
    return [one.replace(f"{root}/", "").replace(package, "PACKAGE") for one in caught.value.mistakes]


def test_every_job_comes_after_what_it_reads(tmp_path: Path) -> None:
    code = WEEKLY_CODE + "\n\n@job\ndef a_report(weeks, days): ...\n"
    report = WEEKLY.replace("{days: {ref: daily}}", "{weeks: {ref: weekly}, days: {ref: daily}}")
    files = {"conf/jobs/weekly.yml": WEEKLY, "conf/jobs/a_report.yml": report.replace("/weekly", "/report")}

    graph = _graph(tmp_path, files, code)

    assert graph.order == ("daily", "weekly", "a_report")
    assert graph.upstream["a_report"] == {"daily", "weekly"}


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "{source: sales}",
            "{source: sale}",
            "daily.yml:1:18: there is no source 'sale'; did you mean 'sales'?",
        ),
        ("{source: sales}", "{ref: dail}", "daily.yml:1:18: there is no job 'dail'; did you mean 'daily'?"),
        ("params:", "cache: [sale]\nparams:", "daily.yml:2:9: 'sale' is not an input; did you mean 'sales'?"),
        (
            "{least: 1}",
            "{least: 1, lest: 2}",
            "daily.yml:2:20: daily (PACKAGE/__init__.py:4) takes no param 'lest'; did you mean 'least'?",
        ),
        ("{least: 1}", "{}", "daily.yml:2:1: daily (PACKAGE/__init__.py:4) needs the param 'least'"),
        ("params: {least: 1}\n", "", "daily.yml:1:1: daily (PACKAGE/__init__.py:4) needs the param 'least'"),
        (
            "{sales: {source: sales}}",
            "{sales: {source: sales}, sale: {source: sales}}",
            "daily.yml:1:34: daily (PACKAGE/__init__.py:4) takes no input 'sale'; did you mean 'sales'?",
        ),
        ("{source: sales}", "{ref: daily}", "daily.yml:1:1: jobs in a circle: daily → daily"),
    ],
)
def test_a_conf_that_does_not_fit_is_told_at_its_place(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    assert before in DAILY

    assert _told(tmp_path, {"conf/jobs/daily.yml": DAILY.replace(before, after)}) == [f"conf/jobs/{told}"]


def test_a_missing_input_is_told(tmp_path: Path) -> None:
    code = CODE.replace("daily(sales,", "daily(sales, stores,")

    assert _told(tmp_path, {}, code) == [
        "conf/jobs/daily.yml:1:1: daily (PACKAGE/__init__.py:4) needs the input 'stores'"
    ]


def test_a_param_with_a_default_may_be_left_out(tmp_path: Path) -> None:
    files = {"conf/jobs/daily.yml": DAILY.replace("params: {least: 1}\n", "")}

    assert _graph(tmp_path, files, CODE.replace("least", "least=0")).order == ("daily",)


def test_function_and_conf_that_miss_each_other_name_each_other(tmp_path: Path) -> None:
    code = CODE.replace("def daily", "def dialy")

    assert _told(tmp_path, {}, code) == [
        "PACKAGE/__init__.py:4: job 'dialy' has no conf/jobs/dialy.yml; did you mean 'daily'?",
        "conf/jobs/daily.yml:1:1: no @job function is named 'daily'; did you mean 'dialy'?",
    ]


def test_one_function_may_run_under_two_names(tmp_path: Path) -> None:
    other = "function: daily\n" + DAILY.replace("/daily", "/other")

    assert _graph(tmp_path, {"conf/jobs/other.yml": other}).order == ("daily", "other")


def test_an_alias_of_nothing_is_told_where_it_stands(tmp_path: Path) -> None:
    other = DAILY.replace("/daily", "/other") + "function: dayly\n"

    assert _told(tmp_path, {"conf/jobs/other.yml": other}) == [
        "conf/jobs/other.yml:4:1: no @job function is named 'dayly'; did you mean 'daily'?"
    ]


def test_jobs_in_a_circle_are_told_in_the_order_they_wait(tmp_path: Path) -> None:
    daily = DAILY.replace("{source: sales}", "{ref: weekly}")

    (told,) = _told(tmp_path, {"conf/jobs/daily.yml": daily, "conf/jobs/weekly.yml": WEEKLY}, WEEKLY_CODE)

    place, _, circle = told.rpartition(": ")
    assert place in (
        "conf/jobs/daily.yml:1:1: jobs in a circle",
        "conf/jobs/weekly.yml:1:1: jobs in a circle",
    )
    assert circle in ("daily → weekly → daily", "weekly → daily → weekly")


@pytest.mark.parametrize(
    "path",
    ["${warehouse}/daily", "${warehouse}/daily/", "${warehouse}/x/../daily", "${warehouse}/daily/deeper"],
)
def test_two_jobs_never_write_one_folder_or_one_in_the_other(tmp_path: Path, path: str) -> None:
    weekly = WEEKLY.replace("${warehouse}/weekly", path)

    (told,) = _told(tmp_path, {"conf/jobs/weekly.yml": weekly}, WEEKLY_CODE)

    assert told.startswith("conf/jobs/weekly.yml:2:27: warehouse/daily")
    assert told.endswith("is also written by 'daily'; a job has a folder of its own")


def test_names_that_only_begin_alike_are_two_folders(tmp_path: Path) -> None:
    weekly = WEEKLY.replace("/weekly", "/daily2")

    assert _graph(tmp_path, {"conf/jobs/weekly.yml": weekly}, WEEKLY_CODE).order == ("daily", "weekly")


@pytest.mark.parametrize(
    "path",
    [
        "${warehouse}/daily",
        "${warehouse}/daily/month=1",
        "${warehouse}/daily/*.parquet",
        "${warehouse}",
        "${warehouse}/*",
        "${warehouse}/d*",
        "${warehouse}/dail?",
        "${warehouse}/[d]aily",
        "${warehouse}/*/*.csv",
        "${warehouse}/**",
        "${warehouse}/**/*.csv",
        "*/daily/x",
    ],
)
def test_a_source_never_reads_what_a_job_writes(tmp_path: Path, path: str) -> None:
    main = "name: demo\njobs: [PACKAGE]\npaths: {landing: landing, warehouse: warehouse, all: .}\n"
    source = f"sales:\n  format: csv\n  path: '{path}'\n  columns: {{id: int}}\n"

    told = _told(tmp_path, {"conf/sparkjobs.yml": main, "conf/sources.yml": source})

    assert told == [
        "conf/sources.yml:3:3: source 'sales' reads what 'daily' writes; its input is `ref: daily`"
    ]


def test_two_stars_reach_any_depth(tmp_path: Path) -> None:
    files = {
        "conf/sources.yml": "sales: {format: csv, path: '${warehouse}/**/x.csv', columns: {id: int}}\n",
        "conf/jobs/daily.yml": DAILY.replace("/daily", "/a/b"),
    }

    assert _told(tmp_path, files) == [
        "conf/sources.yml:1:22: source 'sales' reads what 'daily' writes; its input is `ref: daily`"
    ]


@pytest.mark.parametrize(
    "path",
    ["${warehouse}/landing/*.csv", "${warehouse}/*.csv", "${warehouse}/daily2", "${warehouse}/*/x/*.csv"],
)
def test_a_source_may_lie_beside_what_jobs_write(tmp_path: Path, path: str) -> None:
    files = {
        "conf/sources.yml": f"sales: {{format: csv, path: '{path}', columns: {{id: int}}}}\n",
        "conf/jobs/daily.yml": DAILY.replace("/daily", "/daily/v1"),
    }

    assert _graph(tmp_path, files).order == ("daily",)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "conf/sources.yml": SOURCES.replace("${landing}/sales/*.csv", "${warehouse}/daily"),
        "conf/jobs/daily.yml": DAILY.replace("{least: 1}", "{most: 1}"),
        "conf/jobs/weekly.yml": WEEKLY.replace("ref: daily", "ref: dayly").replace("/weekly", "/daily"),
    }

    told = _told(tmp_path, files, WEEKLY_CODE + "\n\n@job\ndef monthly(days): ...\n")

    assert [one.split(": ")[0] for one in told] == [
        "PACKAGE/__init__.py:14",
        "conf/jobs/weekly.yml:1:17",
        "conf/jobs/daily.yml:2:10",
        "conf/jobs/daily.yml:2:1",
        "conf/jobs/weekly.yml:2:27",
        "conf/sources.yml:3:3",
        "conf/sources.yml:3:3",
    ]

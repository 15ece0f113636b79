"""Overlays and `--set`: locations, sizes and params may change, logic may not."""

from pathlib import Path

import pytest

from sparkjobs.errors import UsageError
from tests.unit.projects import DAILY, conf_of, mistakes_of, project

OVERLAY = """\
paths: {warehouse: other}
spark: {spark.sql.shuffle.partitions: 2}
sources: {sales: {path: "${landing}/one.csv", options: {delimiter: ";"}}}
jobs: {daily: {params: {least: 5}, output: {path: "${warehouse}/d", target_file_size: 1MB}}}
"""


def test_an_overlay_changes_locations_sizes_and_params(tmp_path: Path) -> None:
    conf = conf_of(project(tmp_path, {"conf/env/small.yml": OVERLAY}), env="small")

    assert dict(conf.project.paths) == {"landing": "landing", "warehouse": "other"}
    assert dict(conf.project.spark) == {"spark.sql.shuffle.partitions": "2"}
    assert conf.sources["sales"].path == f"{tmp_path}/landing/one.csv"
    assert conf.jobs["daily"].output.path == f"{tmp_path}/other/d"
    assert conf.jobs["daily"].output.target_file_size == "1MB"
    assert conf.jobs["daily"].params == {"least": 5}


def test_without_its_name_an_overlay_changes_nothing(tmp_path: Path) -> None:
    conf = conf_of(project(tmp_path, {"conf/env/small.yml": OVERLAY}))

    assert conf.jobs["daily"].params == {"least": 1}
    assert dict(conf.project.spark) == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "jobs: {daily: {output: {mode: append}}}",
            "1:25: 'mode' is not a key of output; it has path, target",
        ),
        ("jobs: {daily: {output: {format: delta}}}", "1:25: 'format' is not a key of output; "),
        ("jobs: {daily: {output: {partition_by: [a]}}}", "1:25: 'partition_by' is not a key of output; "),
        ("jobs: {daily: {checks: []}}", "1:16: 'checks' is not a key of daily; it has output, params"),
        ("jobs: {daily: {inputs: {}}}", "1:16: 'inputs' is not a key of daily; "),
        ("jobs: {daily: {function: x}}", "1:16: 'function' is not a key of daily; "),
        ("sources: {sales: {columns: {}}}", "1:19: 'columns' is not a key of sales; it has options, path"),
        ("sources: {sales: {rules: []}}", "1:19: 'rules' is not a key of sales; "),
        ("sources: {sales: {bad_rows: {max_share: 1}}}", "1:19: 'bad_rows' is not a key of sales; "),
        (
            "name: other",
            "1:1: 'name' is not a key of the file; it has jobs, openlineage, paths, sources, spark",
        ),
        ("path: {}", "1:1: 'path' is not a key of the file; did you mean 'paths'?"),
        ("jobs: {dayly: {params: {least: 2}}}", "1:8: there is no job 'dayly'; did you mean 'daily'?"),
        ("sources: {sale: {path: x}}", "1:11: there is no source 'sale'; did you mean 'sales'?"),
        ("sources: {zzz: {path: x}}", "1:11: there is no source 'zzz'; there is sales"),
        ("- paths", "1:1: the file: must be a mapping, not ('paths',)"),
        ("jobs: {daily: {output: {target_file_size: 5 MB}}}", "1:25: target_file_size: '5 MB' is not a size"),
        ("sources: {sales: {options: {delimeter: x}}}", "1:29: 'delimeter' is not a key of options; did you"),
    ],
)
def test_an_overlay_with_logic_or_unknown_names_is_refused(tmp_path: Path, text: str, told: str) -> None:
    mistakes = mistakes_of(project(tmp_path, {"conf/env/e.yml": text}), env="e")

    assert mistakes[0].startswith(f"conf/env/e.yml:{told}")
    assert all(one.startswith("conf/env/e.yml:") for one in mistakes)


@pytest.mark.parametrize("env", ["nope", "../env/small", "small.yml", ""])
def test_an_unknown_overlay_lists_those_there_are(tmp_path: Path, env: str) -> None:
    project(tmp_path, {"conf/env/small.yml": "", "conf/env/big.yml": ""})

    with pytest.raises(UsageError, match=r"There is: big, small\."):
        conf_of(tmp_path, env=env)


def test_set_comes_last_and_reads_values_as_yaml_does(tmp_path: Path) -> None:
    project(tmp_path, {"conf/env/small.yml": OVERLAY})
    sets = ("jobs.daily.params.least=012", "spark.spark.sql.shuffle.partitions=3", "paths.warehouse=third")

    conf = conf_of(tmp_path, env="small", sets=sets)

    assert conf.jobs["daily"].params == {"least": 12}
    assert dict(conf.project.spark) == {"spark.sql.shuffle.partitions": "3"}
    assert conf.jobs["daily"].output.path == f"{tmp_path}/third/d"


def test_set_takes_everything_after_the_first_equals_sign(tmp_path: Path) -> None:
    conf = conf_of(project(tmp_path), sets=("jobs.daily.params.least=a=b",))

    assert conf.jobs["daily"].params == {"least": "a=b"}


@pytest.mark.parametrize(
    "text", ["", "a", "jobs", "jobs=1", "jobs.daily", "name=x", "projects.a=1", "=", ".=1"]
)
def test_a_set_without_section_key_and_value_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a\.b=c"):
        conf_of(project(tmp_path), sets=(text,))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("jobs.dayly.params.least=2", "there is no job 'dayly'; did you mean 'daily'?"),
        ("jobs.daily.parms.least=2", "'parms' is not a key of daily; did you mean 'params'?"),
        ("sources.sale.path=x", "there is no source 'sale'; did you mean 'sales'?"),
        ("jobs.daily.output.mode=apend", "'apend' is not a mode; did you mean 'append'?"),
    ],
)
def test_a_set_of_something_unknown_points_at_itself(tmp_path: Path, text: str, told: str) -> None:
    assert mistakes_of(project(tmp_path), sets=(text,)) == (f"--set {text.partition('=')[0]}:1:1: {told}",)


def test_a_mistake_beside_a_set_keeps_its_own_place(tmp_path: Path) -> None:
    project(tmp_path, {"conf/jobs/daily.yml": DAILY.replace("format: parquet, ", "")})

    mistakes = mistakes_of(tmp_path, sets=("jobs.daily.output.target_file_size=1MB",))

    assert mistakes == ("conf/jobs/daily.yml:3:1: output lacks 'format'",)

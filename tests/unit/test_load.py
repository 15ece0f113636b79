"""Conf files become models, or a list of every mistake with its place."""

from pathlib import Path

import pytest

from sparkjobs.errors import UsageError
from tests.unit.projects import DAILY, MAIN, SOURCES, conf_of, mistakes_of, project


def test_a_sound_project_becomes_frozen_models(tmp_path: Path) -> None:
    conf = conf_of(project(tmp_path))

    assert conf.project.name == "demo"
    assert set(conf.sources) == {"sales"}
    assert conf.jobs["daily"].params == {"least": 1}
    assert conf.jobs["daily"].output.mode == "overwrite"
    with pytest.raises(ValueError, match="frozen"):
        conf.jobs["daily"].output.mode = "append"


UNKNOWN_KEYS = [
    ("conf/sparkjobs.yml", MAIN + "nmae: x\n", "4:1: 'nmae' is not a key of project; did you mean 'name'?"),
    (
        "conf/sources.yml",
        SOURCES + "  fromat: csv\n",
        "5:3: 'fromat' is not a key of sales; did you mean 'format'?",
    ),
    (
        "conf/sources.yml",
        SOURCES + "  options: {delimeter: x}\n",
        "5:13: 'delimeter' is not a key of options; did you mean 'delimiter'?",
    ),
    (
        "conf/sources.yml",
        SOURCES.replace("id: int", "id: {type: int, nul_values: [NA]}"),
        "4:29: 'nul_values' is not a key of id; did you mean 'null_values'?",
    ),
    (
        "conf/sources.yml",
        SOURCES + "  bad_rows:\n    max_shre: 0.1\n",
        "6:5: 'max_shre' is not a key of bad_rows; did you mean 'max_share'?",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY + "chekcs: []\n",
        "4:1: 'chekcs' is not a key of daily; did you mean 'checks'?",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{source: sales}", "{source: sales, reff: x}"),
        "1:33: 'reff' is not a key of sales; did you mean 'ref'?",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{format", "{partition_bu: [a], format"),
        "3:10: 'partition_bu' is not a key of output; did you mean 'partition_by'?",
    ),
    ("conf/jobs/daily.yml", DAILY + "zzz: 1\n", "4:1: 'zzz' is not a key of daily; it has cache, checks, "),
]


@pytest.mark.parametrize(("file", "text", "told"), UNKNOWN_KEYS)
def test_an_unknown_key_is_refused_with_the_nearest_one(
    tmp_path: Path, file: str, text: str, told: str
) -> None:
    mistakes = mistakes_of(project(tmp_path, {file: text}))

    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"{file}:{told}")


WRONG_VALUES = [
    ("conf/sparkjobs.yml", "name: demo\njobs: []\n", "2:1: jobs: must not be empty"),
    ("conf/sparkjobs.yml", "name: demo\njobs: a\n", "2:1: jobs: must be a list, not 'a'"),
    ("conf/sparkjobs.yml", MAIN.replace("demo", "my-demo"), "1:1: name: 'my-demo' is not a name: letters, "),
    (
        "conf/sparkjobs.yml",
        MAIN.replace("landing: landing", "landing: 5"),
        "3:9: landing: must be text, not 5",
    ),
    ("conf/sparkjobs.yml", "just words", "1:1: project: must be a mapping, not 'just words'"),
    ("conf/sources.yml", "- sales\n", "1:1: sources: must be a mapping, not ('sales',)"),
    ("conf/sources.yml", "sales: 5\n", "1:1: sales: must be a mapping, not 5"),
    ("conf/sources.yml", SOURCES.replace("csv", "cvs", 1), "2:3: 'cvs' is not a format; did you mean 'csv'?"),
    ("conf/sources.yml", SOURCES.replace("  format: csv\n", ""), "1:1: sales lacks 'format'"),
    ("conf/sources.yml", SOURCES.replace("id: int", "id: {}"), "4:13: id lacks 'type'"),
    ("conf/sources.yml", SOURCES.replace("id: int", "id: in"), "4:13: type: 'in' is not a type; "),
    (
        "conf/sources.yml",
        SOURCES + "  on_empty: ignroe\n",
        "5:3: on_empty: 'ignroe' is not known; it can be ",
    ),
    ("conf/sources.yml", SOURCES + "  bad_rows: {max_share: 2}\n", "5:14: max_share: input should be less "),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("parquet", "parqet"),
        "3:10: format: 'parqet' is not known; did you mean 'parquet'?",
    ),
    ("conf/jobs/daily.yml", DAILY.replace("format: parquet, ", ""), "3:1: output lacks 'format'"),
    ("conf/jobs/daily.yml", DAILY.replace("{source: sales}", "{}"), "1:10: sales: an input is either `ref: "),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{least: 1}", "{least: null}"),
        "2:10: least: must be text, a number",
    ),
    ("conf/jobs/daily.yml", DAILY.replace("least: 1", "least: 1e999"), "2:10: least: must be text, a number"),
    ("conf/jobs/daily.yml", DAILY.replace("least: 1", "least: [1, [2]]"), "2:10: least: must be text, a nu"),
    ("conf/jobs/daily.yml", DAILY + "checks: [unique]\n", "4:10: checks: a check is one `kind: arguments`"),
    ("conf/jobs/daily.yml", DAILY + "checks: [{unique: 5}]\n", "4:10: checks: 'unique' needs arguments"),
    (
        "conf/jobs/daily.yml",
        DAILY + "checks:\n  - unique: {columns: [a], severity: wran}\n",
        "5:28: severity: 'wran' is not known; did you mean 'warn'?",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{format", "{mode: overwrite_partitions, format"),
        "3:1: output: mode overwrite_partitions needs `partition_by`",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{format", "{target_file_size: 128, format"),
        "3:10: target_file_size: must be text, not 128",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{format", "{optimize: {after: 0}, format"),
        "3:21: after: input should be greater than or equal to 1, not 0",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{format", "{optimize: {after: yes}, format"),
        "3:21: after: must be a whole number",
    ),
    (
        "conf/jobs/daily.yml",
        DAILY.replace("{format", "{optimize: {}, format"),
        "3:10: optimize lacks 'after'",
    ),
]


@pytest.mark.parametrize(("file", "text", "told"), WRONG_VALUES)
def test_a_wrong_value_is_one_mistake_with_its_place(tmp_path: Path, file: str, text: str, told: str) -> None:
    mistakes = [
        one for one in mistakes_of(project(tmp_path, {file: text})) if "not a key of `paths:`" not in one
    ]

    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"{file}:{told}")


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    project(
        tmp_path,
        {
            "conf/sparkjobs.yml": MAIN + "nmae: x\n",
            "conf/sources.yml": SOURCES + "  fromat: csv\n  pth: y\n",
            "conf/jobs/daily.yml": DAILY + "chekcs: []\n",
            "conf/jobs/weekly.yml": "inputs: [\n",
            "conf/env/e.yml": "jobs: {daily: {nope: []}}\n",
        },
    )

    assert [one.split(": ")[0] for one in mistakes_of(tmp_path, env="e")] == [
        "conf/jobs/weekly.yml:2:1",
        "conf/env/e.yml:1:16",
        "conf/sparkjobs.yml:4:1",
        "conf/sources.yml:5:3",
        "conf/sources.yml:6:3",
        "conf/jobs/daily.yml:4:1",
    ]


def test_a_file_that_would_not_be_read_is_a_mistake(tmp_path: Path) -> None:
    project(tmp_path, {"conf/jobs/weekly.yaml": DAILY})

    assert mistakes_of(tmp_path) == ("conf/jobs/weekly.yaml:1:1: it is not read; name it weekly.yml",)


def test_a_job_file_needs_a_name_that_a_function_can_have(tmp_path: Path) -> None:
    project(tmp_path, {"conf/jobs/my-job.yml": DAILY})

    assert len(mistakes_of(tmp_path)) == 1
    assert mistakes_of(tmp_path)[0].startswith("conf/jobs/my-job.yml:1:1: 'my-job' is not a name: ")


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "conf/jobs/weekly.yml").mkdir()

    assert mistakes_of(tmp_path) == ("conf/jobs/weekly.yml:1:1: cannot be read: Is a directory",)


def test_a_folder_without_conf_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no project") as caught:
        conf_of(tmp_path)

    assert caught.value.exit_code == 2


def test_spark_conf_may_be_written_as_people_write_it(tmp_path: Path) -> None:
    spark = "spark: {spark.sql.shuffle.partitions: 8, spark.x: true, spark.y: text}\n"
    conf = conf_of(project(tmp_path, {"conf/sparkjobs.yml": MAIN + spark}))

    assert dict(conf.project.spark) == {
        "spark.sql.shuffle.partitions": "8",
        "spark.x": "true",
        "spark.y": "text",
    }

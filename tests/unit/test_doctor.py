"""The doctor asks for what the project needs, no more."""

import os
from pathlib import Path

from sparkjobs.doctor import examine
from tests.unit.projects import DAILY, conf_of, project


def jars(root: Path) -> tuple[str, str | None]:
    (found,) = (one for one in examine(conf_of(root), os.environ) if one.subject == "Delta jars")
    return found.found, found.fix


def test_a_project_without_delta_needs_no_jars(tmp_path: Path) -> None:
    assert jars(project(tmp_path)) == ("not needed: no source and no output is Delta", None)


def test_a_project_with_a_delta_table_does(tmp_path: Path) -> None:
    found, fix = jars(project(tmp_path, {"conf/jobs/daily.yml": DAILY.replace("parquet", "delta")}))

    assert found.startswith("0 of ")
    assert fix == "make setup"

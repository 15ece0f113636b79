"""What the builder of the session is told, for one machine and for a cluster."""

import os
from pathlib import Path

import pytest

from sparkjobs import session
from sparkjobs.settings import settings
from tests.projects import REPOSITORY
from tests.unit.projects import conf_of, project

PATHS = "conf:{}/*:{}/spark/*"


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    """A folder with two jars, and another file."""
    folder = tmp_path / ".jars"
    folder.mkdir()
    for name in ("b.jar", "a.jar", "classes.jsa"):
        (folder / name).touch()
    return folder


def handed_out(root: Path, **given: str) -> str | None:
    """The jars that Spark is told to hand to executors."""
    named = {f"spark.{name.replace('_', '.')}": value for name, value in given.items()}
    return settings(named, {}, root, delta=True).get("spark.jars")


def test_jars_on_the_class_path_are_not_handed_out_where_the_driver_executes(
    jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(jars.parent)
    for folder in (".jars", str(jars)):
        path = PATHS.format(folder, folder)

        assert handed_out(jars.parent, driver_extraClassPath=path) is None
        assert handed_out(jars.parent, driver_extraClassPath=path, master="local[2]") is None


@pytest.mark.parametrize("master", ["spark://host:7077", "yarn", "local-cluster[2,1,1024]"])
def test_on_a_cluster_they_are(jars: Path, master: str) -> None:
    both = f"{jars}/a.jar,{jars}/b.jar"

    assert handed_out(jars.parent, driver_extraClassPath=f"{jars}/*", master=master) == both


@pytest.mark.parametrize("path", ["", "/elsewhere/*", "{}", "{}/spark/*", "{}/a.jar"])
def test_what_is_not_on_the_class_path_is(jars: Path, path: str) -> None:
    both = f"{jars}/a.jar,{jars}/b.jar"

    assert handed_out(jars.parent, driver_extraClassPath=path.format(jars)) == both


def test_what_the_project_says_counts_where_no_jvm_runs_yet(
    jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = f"{jars}/a.jar,{jars}/b.jar"
    path = {"spark.driver.extraClassPath": f"{jars}/*"}

    assert "spark.jars" not in settings({}, path, jars.parent, delta=True)
    assert settings({}, path | {"spark.master": "yarn"}, jars.parent, delta=True)["spark.jars"] == both

    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")

    assert settings({}, path, jars.parent, delta=True)["spark.jars"] == both


def test_a_master_that_the_project_names_is_no_machine_of_our_own(jars: Path) -> None:
    there = settings({}, {"spark.master": "spark://host:7077"}, jars.parent, delta=False)

    assert there["spark.master"] == "spark://host:7077"
    assert "spark.driver.host" not in there
    assert settings({}, {"spark.master": "local[4]"}, jars.parent, delta=False)["spark.driver.host"]


def test_what_somebody_has_said_of_jars_stands(jars: Path) -> None:
    assert handed_out(jars.parent, jars="mine.jar") is None


def test_a_jvm_that_is_there_already_is_not_said_to_have_other_options(
    jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = "spark.driver.extraJavaOptions"
    started = settings({}, {}, jars.parent, delta=False)[options]

    assert started in (REPOSITORY / "conf" / "spark-defaults.conf").read_text()
    assert options not in settings({"spark.master": "yarn"}, {}, jars.parent, delta=False)

    monkeypatch.setenv("PYSPARK_GATEWAY_PORT", "1")

    assert options not in settings({}, {}, jars.parent, delta=False)


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("", "-XX:TieredStopAtLevel=1"),
        ("-XX:TieredStopAtLevel=4", "-XX:TieredStopAtLevel=1 -XX:TieredStopAtLevel=4"),
    ],
)
def test_a_brief_jvm_does_without_the_second_compiler_unless_somebody_has_said_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, options: str
) -> None:
    seen = []
    monkeypatch.setattr(session, "start", lambda _: seen.append(os.environ["SPARK_SUBMIT_OPTS"]))
    monkeypatch.setenv("SPARK_SUBMIT_OPTS", said)

    session.start_brief(conf_of(project(tmp_path)))

    assert seen == [options]

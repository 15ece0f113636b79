"""The verbs, each as a process of its own: exit codes, messages, and what is not started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sparkjobs.record import write_plan
from tests.unit.projects import (
    DAILY,
    MAIN,
    SOURCES,
    plan_of,
    project,
    publish_as_a_run_would,
    published,
    write,
)

DEMO = Path(__file__).parents[2]
WEEKLY = (
    "inputs: {days: {ref: daily}}\ntags: [late]\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
)
CODE_OF_TWO = (
    "from sparkjobs import job\n\n\n@job\ndef daily(sales, *, least):\n    return sales\n\n\n"
    "@job\ndef weekly(days):\n    return days\n"
)
PROBE = """
import sys
from sparkjobs.cli import main
try:
    main()
finally:
    pyspark = sys.modules.get("pyspark")
    started = pyspark is not None and pyspark.SparkContext._gateway is not None
    print(f"pyspark {'imported' if pyspark else 'absent'}, JVM {started}", file=sys.stderr)
"""


def sparkjobs(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """`sparkjobs arguments`, on a machine without Java: whatever needs it would fail."""
    return subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "JAVA_HOME": "/nowhere", **environment},
    )


def test_help_lists_the_verbs_and_imports_no_pyspark() -> None:
    done = sparkjobs("--help")

    assert done.returncode == 0
    for verb in (
        *("run", "plan", "list", "validate", "doctor", "history", "freshness", "optimize", "test"),
        *("init", "new", "schema"),
    ):
        assert f"\n  {verb} " in done.stdout
    assert done.stderr == "pyspark absent, JVM False\n"


@pytest.mark.parametrize(
    "verb", ["run", "plan", "list", "validate", "doctor", "history", "freshness", "optimize", "test"]
)
def test_every_verb_explains_itself(verb: str) -> None:
    done = sparkjobs(verb, "--help")

    assert done.returncode == 0
    assert f"Usage: sparkjobs {verb} [OPTIONS]" in done.stdout
    assert "--project DIR" in done.stdout


def test_a_run_that_nobody_listens_to_any_more_keeps_its_record(tmp_path: Path) -> None:
    """As under spark-submit, whose JVM is gone before the program is told to stop."""
    published(tmp_path)
    reading, writing = os.pipe()
    os.close(reading)

    command = [sys.executable, "-m", "sparkjobs", "run", "--run-id", "monday", "--project", str(tmp_path)]
    subprocess.run(command, stdout=writing, stderr=writing, check=False)
    os.close(writing)

    record = json.loads((tmp_path / "target/runs/monday/run_results.json").read_text())
    assert [one["status"] for one in record["results"]] == ["no-op"]


def test_less_than_one_thread_is_refused(tmp_path: Path) -> None:
    done = sparkjobs("run", "--threads", "0", "--project", str(project(tmp_path)))

    assert done.returncode == 2
    assert "Invalid value for '--threads': 0 is not in the range x>=1." in done.stderr


def test_list_tells_what_jobs_read_and_write_and_imports_no_pyspark(tmp_path: Path) -> None:
    project(tmp_path, {"conf/jobs/weekly.yml": WEEKLY})

    done = sparkjobs("list", "--project", str(tmp_path))

    assert done.returncode == 0
    assert (
        done.stdout == "daily: source sales → parquet overwrite\nweekly: daily → parquet overwrite  [late]\n"
    )
    assert done.stderr == "pyspark absent, JVM False\n"


def test_validate_counts_what_it_found_sound(tmp_path: Path) -> None:
    done = sparkjobs("validate", "--project", str(project(tmp_path)))

    assert (done.returncode, done.stdout) == (0, "demo: 1 jobs, 1 sources, no mistakes\n")
    assert done.stderr.endswith("JVM False\n")


def test_validate_tells_all_mistakes_of_a_stage_with_exit_code_2(tmp_path: Path) -> None:
    project(
        tmp_path,
        {"conf/sparkjobs.yml": MAIN + "nmae: x\n", "conf/sources.yml": SOURCES + "  fromat: csv\n"},
    )

    done = sparkjobs("validate", "--project", str(tmp_path))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[:3] == [
        "conf/sparkjobs.yml:4:1: 'nmae' is not a key of project; did you mean 'name'?",
        "conf/sources.yml:5:3: 'fromat' is not a key of sales; did you mean 'format'?",
        "2 mistakes in the configuration; nothing was run.",
    ]


def test_validate_compares_conf_with_functions(tmp_path: Path) -> None:
    project(tmp_path, {"conf/jobs/daily.yml": DAILY.replace("source: sales", "source: sale")})

    done = sparkjobs("validate", "--project", str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith(
        "conf/jobs/daily.yml:1:18: there is no source 'sale'; did you mean 'sales'?\n"
    )


def test_plan_prints_text_for_people_and_json_for_programs(tmp_path: Path) -> None:
    project(tmp_path)

    text = sparkjobs("plan", "--project", str(tmp_path))
    told = sparkjobs("plan", "--project", str(tmp_path), "--output", "json")

    assert (text.returncode, told.returncode) == (0, 0)
    assert text.stdout.startswith("demo: 1 jobs, 1 to run, 0 up to date\n\ndaily: runs: first run\n")
    assert json.loads(told.stdout)["jobs"][0]["reasons"] == ["first run"]
    assert not (tmp_path / "warehouse").exists()
    assert not (tmp_path / "target").exists()


def test_plan_takes_selectors_overlays_and_sets(tmp_path: Path) -> None:
    project(tmp_path, {"conf/env/small.yml": "jobs: {daily: {params: {least: 5}}}\n"})
    arguments = ("plan", "daily", "--project", str(tmp_path), "--output", "json")

    overlaid = json.loads(sparkjobs(*arguments, "--env", "small").stdout)
    both = json.loads(
        sparkjobs(*arguments, "--env", "small", "--set", "jobs.daily.params.least=9", "--full-refresh").stdout
    )

    assert overlaid["env"] == "small"
    assert overlaid["jobs"][0]["conf"]["params"] == {"least": 5}
    assert both["jobs"][0]["conf"]["params"] == {"least": 9}
    assert both["jobs"][0]["reasons"] == ["full refresh"]


def test_a_plan_refused_for_its_input_ends_with_1(tmp_path: Path) -> None:
    project(tmp_path, {"landing/sales/a.csv": ""})

    done = sparkjobs("plan", "--project", str(tmp_path))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("source 'sales': landing/sales/a.csv: it has no bytes\n")
    assert "Traceback" not in done.stderr


def test_a_run_with_nothing_to_do_starts_no_jvm(tmp_path: Path) -> None:
    for job in plan_of(project(tmp_path)).jobs:
        publish_as_a_run_would(job)

    done = sparkjobs("run", "--project", str(tmp_path), "--run-id", "2026-01-31")

    assert done.returncode == 0
    assert "daily" in done.stdout
    assert "no-op" in done.stdout
    assert done.stderr.endswith("JVM False\n")
    command = ["-X", "importtime", "-m", "sparkjobs", "run", "--project", str(tmp_path)]
    imported = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True).stderr
    assert "sparkjobs.idle" in imported
    assert "sparkjobs.flow" not in imported, "a third of a second"
    record = tmp_path / "target/runs/2026-01-31"
    assert sorted(path.name for path in record.iterdir()) == [
        "events.jsonl",
        "plan.json",
        "report.html",
        "run_results.json",
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("plan", "--no-such-option"),
        ("plan", "--output", "xml"),
        ("plan", "--project", "/nowhere"),
        ("plan", "no_such_job"),
        ("plan", "--exclude", "no_such_job"),
        ("plan", "--env", "no_such_env"),
        ("plan", "--set", "nonsense"),
        ("plan", "--full-refresh", "--start", "2013-01-01"),
        ("plan", "--full-refresh", "--end", "2013-01-01"),
        ("run", "--run-id", "../../x"),
        ("run", "--run-id", ".hidden"),
        ("run", "--run-id", "x" * 101),
        ("run", "--run-id", "a b"),
        ("optimize", "no_such_job"),
        ("optimize", "--exclude", "no_such_job"),
    ],
)
def test_what_does_not_exist_ends_with_2_and_no_traceback(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    project(tmp_path)
    here = ("--project", str(tmp_path)) if arguments[:1] in (("plan",), ("run",), ("optimize",)) else ()

    done = sparkjobs(*arguments[:1], *here, *arguments[1:])

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) > 1


def test_an_unknown_job_is_told_with_the_nearest(tmp_path: Path) -> None:
    done = sparkjobs("plan", "dayly", "--project", str(project(tmp_path)))

    assert done.stderr.startswith("No job is selected by 'dayly'.\nDid you mean 'daily'?\n")


def test_a_full_refresh_of_a_range_is_refused(tmp_path: Path) -> None:
    done = sparkjobs("run", "--full-refresh", "--start", "2013-01-01", "--project", str(project(tmp_path)))

    assert done.stderr.startswith(
        "--full-refresh replaces whole tables; --start and --end take a range of them again.\nGive one or the other.\n"
    )


def test_a_run_tells_the_warnings_of_its_plan_before_it_starts(tmp_path: Path) -> None:
    appended = DAILY.replace("{format", "{mode: append, format") + "incremental: {by: files}\n"
    project(tmp_path, {"conf/jobs/daily.yml": appended, "landing/sales/b.csv": "id,amount\n"})
    publish_as_a_run_would(plan_of(tmp_path).jobs[0])
    (tmp_path / "landing/sales/a.csv").unlink()

    done = sparkjobs("run", "--full-refresh", "--project", str(tmp_path))

    assert done.stderr.startswith(
        "warning  daily: the rows of 1 files that are gone go too: landing/sales/a.csv\n"
    )


def test_a_module_that_fails_is_told_without_traceback(tmp_path: Path) -> None:
    project(tmp_path, code="import no_such_module\n")

    done = sparkjobs("validate", "--project", str(tmp_path))

    assert done.returncode == 2
    assert "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_names_the_fix_of_each_trouble_and_ends_with_2(tmp_path: Path) -> None:
    done = sparkjobs("doctor", "--project", str(project(tmp_path)))

    assert done.returncode == 2
    assert "FIX  Java: none found\n     Install a JDK 17 or 21" in done.stdout


@pytest.mark.parametrize("program", [["-m", "sparkjobs"], [str(DEMO / "main.py")]])
def test_the_entries_are_one_program(program: list[str]) -> None:
    done = subprocess.run([sys.executable, *program, "--help"], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("Usage: sparkjobs [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_the_demo_project_is_planned_without_jvm(tmp_path: Path, verb: str) -> None:
    write(tmp_path, {"warehouse/.keep": ""})

    done = sparkjobs(verb, "--project", str(DEMO), SPARKJOBS_WAREHOUSE=str(tmp_path / "warehouse"))

    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith("JVM False\n")


def _selects(root: Path, *arguments: str) -> list[str]:
    """The jobs that `list` tells of."""
    done = sparkjobs("list", "--project", str(root), *arguments)
    assert done.returncode == 0, done.stderr
    return [line.partition(":")[0] for line in done.stdout.splitlines()]


def test_list_takes_the_selection_that_plan_takes(tmp_path: Path) -> None:
    selectors = 'late: "tag:late"\nearly: {exclude: [selector:late]}\n'
    project(tmp_path, {"conf/jobs/weekly.yml": WEEKLY, "conf/selectors.yml": selectors}, CODE_OF_TWO)

    assert _selects(tmp_path, "@daily") == ["daily", "weekly"]
    assert _selects(tmp_path, "--selector", "early") == ["daily"]
    assert _selects(tmp_path, "--select", "tag:late", "daily") == ["daily", "weekly"]
    assert _selects(tmp_path, "--exclude", "selector:late") == ["daily"]


def test_what_has_changed_since_a_kept_plan_is_selected(tmp_path: Path) -> None:
    here = ("--project", str(tmp_path))
    project(tmp_path, {"conf/jobs/weekly.yml": WEEKLY}, CODE_OF_TWO)
    kept = tmp_path / "kept.json"
    kept.write_text(sparkjobs("plan", *here, "daily", "--output", "json").stdout)

    before = sparkjobs("plan", *here, "state:modified+", "--state", str(kept))
    write(tmp_path, {"conf/jobs/weekly.yml": WEEKLY.replace("format", "partition_by: [id], format")})

    assert before.stdout == "demo: 0 jobs, 0 to run, 0 up to date\n"
    assert _selects(tmp_path, "state:modified", "--state", str(kept)) == ["weekly"]
    unnamed = sparkjobs("list", *here, "state:modified")
    assert unnamed.returncode == 2
    assert unnamed.stderr.startswith("state: compares with an earlier plan, and none is named.")


def test_a_run_that_selects_nothing_starts_no_jvm(tmp_path: Path) -> None:
    published(tmp_path)
    here = ("--project", str(tmp_path))
    sparkjobs("run", *here, "--run-id", "one")

    assert _selects(tmp_path, "result:no-op") == ["daily"]
    done = sparkjobs("run", *here, "result:error+", "--run-id", "two")

    assert done.returncode == 0
    assert done.stderr.endswith("JVM False\n")
    assert json.loads((tmp_path / "target/runs/two/run_results.json").read_text())["results"] == []


def test_validate_tells_the_mistakes_of_selectors(tmp_path: Path) -> None:
    project(tmp_path, {"conf/selectors.yml": 'late: "tag:late"\nearly: {exclude: [selector:latte]}\n'})

    done = sparkjobs("validate", "--project", str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.splitlines()[:3] == [
        "conf/selectors.yml:1:1: No job is selected by 'tag:late'. There is: none.",
        "conf/selectors.yml:2:19: conf/selectors.yml has no 'latte'. Did you mean 'late'?",
        "2 mistakes in the configuration; nothing was run.",
    ]


def test_a_retry_takes_of_what_was_left_what_is_selected(tmp_path: Path) -> None:
    project(tmp_path)
    write_plan(tmp_path / "target/runs/killed", plan_of(tmp_path))

    done = sparkjobs("retry", "--exclude", "daily", "--project", str(tmp_path))

    assert (done.returncode, done.stdout) == (
        0,
        "killed: none of what it left undone is selected; there is nothing to retry\n",
    )

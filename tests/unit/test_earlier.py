"""What `state:` and `result:` ask of an earlier run: where it is looked for, and what is refused."""

import json
from pathlib import Path

import pytest

from sparkjobs.errors import UsageError
from sparkjobs.plan import Logic, as_json
from sparkjobs.record import earlier, write_plan, write_results
from sparkjobs.results import JobResult, RunResult
from tests.unit.projects import plan_of, project, write

WEEKLY = "function: daily\ninputs: {sales: {source: sales}}\nparams: {least: 1}\noutput: {format: parquet, path: '${warehouse}/weekly'}\n"
FIX = "\n--state takes the folder of a run, or what `sparkjobs plan --output json > FILE` has kept."


def recorded(root: Path, run: str = "one", status: str = "error", env: str | None = None) -> Path:
    """The folder of a run of `daily` alone, in a project of two jobs."""
    plan = plan_of(root, "daily", env=env)
    folder = root / "target/runs" / run
    write_plan(folder, plan)
    job = JobResult("daily", status, "", "", "", 0.0, "t")  # type: ignore[arg-type]  # each status in turn
    write_results(folder, plan, RunResult(run, "", 1.0, (job,)))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path, {"conf/jobs/weekly.yml": WEEKLY, "conf/env/prod.yml": "{}"})


def refused(root: Path, state: Path | None, env: str | None = None) -> tuple[str, str]:
    """What is said when the logic and when the statuses are asked for."""
    asked = earlier(state, root / "target/runs", "demo", env)
    with pytest.raises(UsageError) as of_logic:
        asked.logic()
    with pytest.raises(UsageError) as of_statuses:
        asked.statuses()
    return str(of_logic.value).removesuffix(FIX), str(of_statuses.value).removesuffix(FIX)


def test_a_plan_knows_the_logic_of_jobs_that_it_does_not_hold(root: Path) -> None:
    plan, whole = plan_of(root, "daily"), plan_of(root)

    assert [job.name for job in plan.jobs] == ["daily"]
    assert plan.logic == whole.logic == {job.name: Logic(job.code, job.fingerprint) for job in whole.jobs}


def test_a_run_is_named_by_its_folder_or_its_plan(root: Path) -> None:
    folder, logic = recorded(root), plan_of(root).logic

    for state in (folder, folder / "plan.json"):
        asked = earlier(state, Path("/nowhere"), "demo", None)
        assert (asked.logic(), asked.statuses()) == (logic, {"daily": "error"})


def test_a_plan_that_was_kept_can_be_anywhere(root: Path) -> None:
    write(root, {"kept.json": as_json(plan_of(root))})

    assert earlier(root / "kept.json", Path("/nowhere"), "demo", None).logic() == plan_of(root).logic


def test_results_are_those_of_the_newest_run_where_none_is_named(root: Path) -> None:
    recorded(root, "one", "error")
    recorded(root, "two", "success")

    assert earlier(None, root / "target/runs", "demo", None).statuses() == {"daily": "success"}


def test_the_newest_run_is_not_passed_over_because_it_was_killed(root: Path) -> None:
    recorded(root, "one")
    killed = recorded(root, "two") / "run_results.json"
    killed.unlink()

    _, told = refused(root, None)

    assert told == f"There is no {killed}: that run has not ended, or was killed."


def test_without_any_run_there_are_no_results(root: Path) -> None:
    logic, statuses = refused(root, None)

    assert logic.startswith("state: compares with an earlier plan, and none is named.")
    assert statuses == f"No run is recorded in {root}/target/runs.\n`sparkjobs run` makes one."


def test_what_is_not_there_is_refused(root: Path) -> None:
    kept = root / "kept.json"

    assert refused(root, kept) == (f"There is no {kept}.", f"There is no {root}/run_results.json.")
    assert refused(root, root) == (f"There is no {root}/plan.json.", f"There is no {root}/run_results.json.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '"text"',
        "[" * 100_000,
        "\udcff",
        '{"project": "demo", "env": null, "jobs": []}',
        '{"project": "demo", "env": null, "logic": []}',
        '{"project": "demo", "env": null, "logic": {"daily": "x"}}',
        '{"project": "demo", "env": null, "logic": {"daily": {"code": "x"}}}',
        '{"metadata": {"project": "demo", "env": null}, "results": [{}]}',
        '{"metadata": {"project": "demo", "env": null}, "results": [{"unique_id": 7}]}',
        '{"metadata": [], "results": []}',
    ],
)
def test_what_is_damaged_is_refused(root: Path, text: str) -> None:
    for name in ("plan.json", "run_results.json"):
        write(root, {f"run/{name}": text.encode(errors="surrogateescape")})

    assert refused(root, root / "run") == (
        f"{root}/run/plan.json does not tell the code and conf of every job.",
        f"{root}/run/run_results.json is not as a run writes it.",
    )


def test_a_run_of_another_project_or_overlay_is_refused(root: Path) -> None:
    other, prod = recorded(root, "other"), recorded(root, "prod", env="prod")
    for name in ("plan.json", "run_results.json"):
        text = (other / name).read_text()
        write(other, {name: json.dumps(json.loads(text.replace('"project": "demo"', '"project": "shop"')))})

    assert refused(root, other) == (
        f"{other}/plan.json is of the project 'shop', not 'demo'.",
        f"{other}/run_results.json is of the project 'shop', not 'demo'.",
    )
    same = "\nGive the same: an overlay changes the conf of jobs."
    assert refused(root, prod) == (
        f"{prod}/plan.json was made with --env prod.{same}",
        f"{prod}/run_results.json was made with --env prod.{same}",
    )
    assert refused(root, recorded(root), "prod")[0].endswith(f"/one/plan.json was made with no --env.{same}")
    assert earlier(prod, root, "demo", "prod").statuses() == {"daily": "error"}

"""What selectors ask of an earlier run: what it was planned with (plan.json), and what became of its jobs."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sparkjobs.errors import UsageError
from sparkjobs.plan import Earlier, Logic
from sparkjobs.record.history import last_run

_FIX = "--state takes the folder of a run, or what `sparkjobs plan --output json > FILE` has kept."


def earlier(state: Path | None, runs: Path, project: str, env: str | None) -> Earlier:
    """What lies at `state`: the folder of a run, or a plan. Without it, results are those of the newest run.

    Nothing is read before it is asked for; then a UsageError says what is missing, damaged, or of
    another project or overlay.
    """
    if state is None:
        return Earlier(statuses=lambda: _statuses(last_run(runs, "plan.json"), project, env))
    plan = state / "plan.json" if state.is_dir() else state
    return Earlier(partial(_logic, plan, project, env), partial(_statuses, plan.parent, project, env))


def _logic(path: Path, project: str, env: str | None) -> Mapping[str, Logic]:
    try:
        plan = _json(path)
        _refuse_others(path, plan["project"], plan["env"], project, env)
        return {str(job): Logic(**one) for job, one in plan["logic"].items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path} does not tell the code and conf of every job.", _FIX) from None


def _statuses(folder: Path, project: str, env: str | None) -> Mapping[str, str]:
    path = folder / "run_results.json"
    try:
        record = _json(path)
        about = record["metadata"]
        _refuse_others(path, about["project"], about["env"], project, env)
        return {one["unique_id"].rpartition(".")[2]: str(one["status"]) for one in record["results"]}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path} is not as a run writes it.", _FIX) from None


def _json(path: Path) -> Any:  # noqa: ANN401 (whatever lies there)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        ended = path.name != "run_results.json" or not path.with_name("plan.json").exists()
        why = "" if ended else ": that run has not ended, or was killed"
        raise UsageError(f"There is no {path}{why}.", _FIX) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", _FIX) from error


def _refuse_others(path: Path, theirs: str, overlay: str | None, project: str, env: str | None) -> None:
    if theirs != project:
        raise UsageError(f"{path} is of the project {theirs!r}, not {project!r}.", _FIX)
    if overlay != env:
        given = f"--env {overlay}" if overlay else "no --env"
        raise UsageError(
            f"{path} was made with {given}.", "Give the same: an overlay changes the conf of jobs."
        )

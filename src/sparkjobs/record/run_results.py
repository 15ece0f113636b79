"""run_results.json, in dbt's shape with our ledger beside it, and the plan that was executed."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sparkjobs.config.references import scrubbed, scrubbed_leaves
from sparkjobs.plan import RunPlan, as_json
from sparkjobs.results import ColumnProfile, JobResult, Profile, RunResult
from sparkjobs.state.durable import write_json

SCHEMA_VERSION = 1


def write_plan(folder: Path, plan: RunPlan) -> None:
    """`plan.json`: exactly what `plan --output json` prints."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text(as_json(plan), encoding="utf-8")


def write_results(folder: Path, plan: RunPlan, result: RunResult) -> Path:
    """`run_results.json`: one entry per planned job; and `sketches.json`, where profiles were asked for."""
    path = folder / "run_results.json"
    content = {
        "metadata": {
            "schema_version": SCHEMA_VERSION,
            "project": plan.project,
            "env": plan.env,
            "invocation_id": result.run_id,
            "generated_at": result.started,
        },
        "elapsed_time": round(result.seconds, 3),
        "results": [_entry(plan, job) for job in result.jobs],
    }
    write_json(path, content)
    if sketches := {job.job: made for job in result.jobs if (made := _sketches(job.profile))}:
        write_json(folder / "sketches.json", sketches)
    return path


def _sketches(profile: Profile | None) -> dict[str, dict[str, str]]:
    """Those of each column: too much for a record that is read again and again."""
    columns = profile.columns if profile else ()
    return {name: dict(one.estimates.sketches) for name, one in columns if one.estimates}


def _entry(plan: RunPlan, job: JobResult) -> dict[str, Any]:
    return {
        "unique_id": f"job.{plan.project}.{job.job}",
        "status": job.status,
        "message": scrubbed(job.message),
        "timing": [{"name": "execute", "started_at": job.started, "completed_at": job.completed}],
        "execution_time": round(job.seconds, 3),
        "table": job.table,
        "write_key": job.write_key,
        "ledger": {
            one.input: {"read": one.read, "valid": one.valid, "quarantined": one.quarantined}
            for one in job.ledgers
        },
        "staged": job.staged,
        "published": job.published.rows if job.published else None,
        "table_version": job.published.version if job.published else None,
        "kind": job.kind,
        "profile": scrubbed_leaves(_profile(job.profile)) if job.profile else None,
        "checks": [scrubbed_leaves(asdict(check)) for check in job.checks],
        "advice": [scrubbed_leaves(asdict(advice)) for advice in job.advice],
    }


def _profile(profile: Profile) -> dict[str, Any]:
    columns = {name: _column(one) for name, one in profile.columns}
    return {"rows": profile.rows, "bytes": profile.size, "columns": columns}


def _column(column: ColumnProfile) -> dict[str, Any]:
    told = {"type": column.kind, "nulls": column.nulls, "min": column.low, "max": column.high}
    about = column.estimates
    if about is None:
        return told
    return told | {
        "distinct": about.distinct,
        "quantiles": list(about.quantiles),
        "common": [list(one) for one in about.common],
    }

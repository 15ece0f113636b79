"""The verbs that plan and run: run, plan, retry."""

import os
import sys
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from sparkjobs.cli.options import (
    Project,
    Running,
    Selection,
    clock,
    planning,
    project,
    run_id_of,
    running,
    selection,
    terms,
)
from sparkjobs.config import Conf
from sparkjobs.errors import UsageError
from sparkjobs.registry import registry_of


@click.command()
@project
@terms
@selection
@planning
@running
def run(here: Project, asked: Selection, how: Running) -> None:
    """Plan, then execute that very plan."""
    from sparkjobs.plan import build  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    planned = build(conf, registry_of(conf), asked.request(conf))
    run_planned(conf, planned, how)


@click.command()
@project
@terms
@selection
@planning
@click.option(
    "--output", type=click.Choice(["text", "json"]), default="text", help="For people or for programs."
)
@click.option(
    "--explain", is_flag=True, help="Start Spark, and tell what each scan would read, by which filters."
)
def plan(here: Project, asked: Selection, output: str, explain: bool) -> None:
    """Say what `run` would do and why. Nothing is run; no JVM is started but for --explain."""
    from sparkjobs.plan import as_json, as_text, build  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    if explain and output == "json":
        raise UsageError("--explain tells people, not programs.", "Leave out --output json, or --explain.")
    planned = build(conf, registry_of(conf), asked.request(conf))
    scans = _scans(conf, planned) if explain else None
    click.echo(as_json(planned) if output == "json" else as_text(planned, scans), nl=False)


def _scans(conf: Conf, plan: Any) -> Any:  # noqa: ANN401 (RunPlan and its Scans, imported late)
    from sparkjobs.foresight import scans_of  # noqa: PLC0415 (planning starts no JVM)
    from sparkjobs.session import start_brief  # noqa: PLC0415

    return scans_of(start_brief, conf, plan, clock())


@click.command()
@project
@click.argument("failed", metavar="[RUN_ID]", required=False)
@selection
@running
def retry(here: Project, failed: str | None, asked: Selection, how: Running) -> None:
    """Run again what failed or was skipped in a run (default: the last), with the inputs it had."""
    from sparkjobs.plan import build  # noqa: PLC0415 (--help does without it)
    from sparkjobs.record import last_run  # noqa: PLC0415
    from sparkjobs.record.retry import unfinished  # noqa: PLC0415

    conf = here.conf()
    runs = conf.path("artifacts", "target") / "runs"
    folder = runs / failed if failed else last_run(runs, "plan.json")
    request = unfinished(folder, conf.env, clock())
    chosen = asked.jobs(conf)
    left = tuple(job for job in request.select if job in chosen)
    if not left:
        why = "none of what it left undone is selected" if request.select else "every job of it has published"
        click.echo(f"{folder.name}: {why}; there is nothing to retry")
        return
    planned = build(conf, registry_of(conf), replace(request, select=left))
    run_planned(conf, planned, how)


def run_planned(conf: Conf, plan: Any, how: Running) -> None:  # noqa: ANN401 (RunPlan, imported late)
    """Execute `plan`, show it, keep its record, and end with the exit code of what failed."""
    name = run_id_of(how.run_id)
    folder = _new_folder(conf.path("artifacts", "target") / "runs" / name)
    _warn(plan)
    execute = _execution(conf, plan, how, name)
    from sparkjobs.record import EventLog, write_plan, write_results  # noqa: PLC0415 (the JVM takes longer)
    from sparkjobs.terminal import Progress, advice_lines, results_table  # noqa: PLC0415

    write_plan(folder, plan)
    with closing(EventLog(folder / "events.jsonl")) as log, Progress(plan) as progress:

        def emit(event: Any) -> None:  # noqa: ANN401 (Event, imported late)
            log.write(event)
            with suppress(BrokenPipeError):  # nobody listens any more; the run and its record go on
                progress.show(event)

        result = execute(emit)
    write_results(folder, plan, result)
    click.echo(results_table(plan, result), nl=False)
    for line in advice_lines(result):
        click.echo(line, err=True)
    for job in result.failed:
        click.echo(f"\n{job.job}: {job.status}\n{job.message}", err=True)
    click.echo(f"\nrecord: {os.path.relpath(folder)}{_reported(folder)}", err=True)
    codes = {job.exit_code for job in result.jobs if job.exit_code}
    if codes or result.failed:
        sys.exit(codes.pop() if len(codes) == 1 else 1)


def _warn(plan: Any) -> None:  # noqa: ANN401 (RunPlan, imported late)
    for job in plan.jobs:
        for warning in job.warnings if job.runs else ():
            click.echo(f"warning  {job.name}: {warning}", err=True)


def _execution(conf: Conf, plan: Any, how: Running, run_id: str) -> Any:  # noqa: ANN401 (imported late)
    """What executes `plan`, given where events go. If anything runs, the session starts from now on."""
    from sparkjobs.idle import idle, is_idle  # noqa: PLC0415 (planning may fail without)

    if is_idle(plan):
        return partial(idle, plan, run_id, clock)
    from sparkjobs.session import start, starting  # noqa: PLC0415

    begun = starting(conf, threads=how.threads) if any(job.runs for job in plan.jobs) else start
    from sparkjobs.run import Orders, execute  # noqa: PLC0415 (the JVM takes longer)

    return lambda emit: execute(
        begun, conf, plan, Orders(run_id, clock, emit, how.fail_fast, how.lock_wait_s, how.threads)
    )


def _reported(folder: Path) -> str:
    """Where the report is; the run stands without it."""
    from sparkjobs.report import write_report  # noqa: PLC0415 (--help does without it)

    try:
        return f"\nreport: {os.path.relpath(write_report(folder))}"
    except UsageError as error:
        return f"\nno report was written: {error}"


def _new_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(
            f"The record of a run {folder.name!r} is there already: {folder}", "Give another --run-id."
        ) from None
    except OSError as error:
        raise UsageError(
            f"No record can be kept in {folder}: {error.strerror}", "Mend `artifacts` in `paths:`."
        ) from error
    return folder

"""The command line: the verbs, and nothing else prints. Results go to stdout, the rest to stderr."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sparkjobs.config import Conf, load
from sparkjobs.errors import SparkjobsError, UsageError
from sparkjobs.registry import JobFunction, collect

if TYPE_CHECKING:
    from sparkjobs.plan import RunPlan

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Project:
    """Which project, with which overlay."""

    root: Path
    env: str | None
    sets: tuple[str, ...]

    def conf(self) -> Conf:
        """Its configuration."""
        return load(self.root, self.env, self.sets, os.environ)


def _options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def apply(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


_project = _options(
    click.option(
        "--project",
        "root",
        default=".",
        metavar="DIR",
        help="The folder that holds conf/ and jobs/.",
    ),
    click.option(
        "--env",
        "--target",
        default=None,
        metavar="NAME",
        help="Lay conf/env/NAME.yml over the conf.",
    ),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="A.B=C",
        help="Set one key of the conf; may be repeated.",
    ),
)
_selection = _options(
    click.argument("select", nargs=-1),
    click.option(
        "--select", "-s", "more", multiple=True, metavar="SELECT", help="The same as the arguments."
    ),
    click.option("--exclude", multiple=True, metavar="SELECT", help="Leave these jobs out."),
    click.option(
        "--full-refresh",
        is_flag=True,
        help="Replace whole tables, whether anything changed or not.",
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sparkjobs")
def cli() -> None:
    """Run PySpark batch jobs that lose nothing, double nothing, publish nothing wrong and hide nothing.

    SELECT follows dbt: name, tag:x, source:x, path:jobs/x, +name (with what it reads), name+ (with
    what reads it), a comma for and, a space for or.
    """


@cli.command()
@_project
@_selection
@click.option("--fail-fast", is_flag=True, help="Start no further job after a failure.")
@click.option(
    "--run-id", default=None, metavar="ID", help="Name the run; default: its time and four letters."
)
def run(
    root: str,
    env: str | None,
    sets: tuple[str, ...],
    select: tuple[str, ...],
    more: tuple[str, ...],
    exclude: tuple[str, ...],
    full_refresh: bool,
    fail_fast: bool,
    run_id: str | None,
) -> None:
    """Plan, then execute that very plan."""
    project = Project(Path(root).resolve(), env, sets)
    conf = project.conf()
    plan = _planned(conf, (*select, *more), exclude, full_refresh=full_refresh)
    from sparkjobs.record import EventLog, write_plan, write_results  # noqa: PLC0415 (planning may fail without them)
    from sparkjobs.run import execute  # noqa: PLC0415
    from sparkjobs.session import start  # noqa: PLC0415
    from sparkjobs.terminal import Progress, results_table  # noqa: PLC0415

    name = _checked_run_id(run_id or f"{_clock():%Y%m%dT%H%M%S}-{token_hex(2)}")
    folder = _new_folder(conf.path("artifacts", "target") / "runs" / name)
    write_plan(folder, plan)
    with closing(EventLog(folder / "events.jsonl")) as log, Progress(plan) as progress:

        def emit(event: Any) -> None:  # noqa: ANN401 (Event, imported late)
            log.write(event)
            progress.show(event)

        result = execute(start, conf, plan, name, _clock, emit, fail_fast=fail_fast)
    path = write_results(folder, plan, result)
    click.echo(results_table(plan, result), nl=False)
    for job in result.failed:
        click.echo(f"\n{job.job}: {job.status}\n{job.message}", err=True)
    click.echo(f"\nrecord: {os.path.relpath(path)}", err=True)
    if result.failed:
        codes = {job.exit_code for job in result.failed if job.status != "skipped"}
        sys.exit(codes.pop() if len(codes) == 1 else 1)


@cli.command()
@_project
@_selection
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people or for programs.",
)
def plan(
    root: str,
    env: str | None,
    sets: tuple[str, ...],
    select: tuple[str, ...],
    more: tuple[str, ...],
    exclude: tuple[str, ...],
    full_refresh: bool,
    output: str,
) -> None:
    """Say what `run` would do and why. Nothing is run, no JVM is started."""
    from sparkjobs.plan import as_json, as_text  # noqa: PLC0415

    conf = Project(Path(root).resolve(), env, sets).conf()
    planned = _planned(conf, (*select, *more), exclude, full_refresh=full_refresh)
    click.echo(as_json(planned) if output == "json" else as_text(planned), nl=False)


@cli.command(name="list")
@_project
def list_(root: str, env: str | None, sets: tuple[str, ...]) -> None:
    """List the jobs with what they read and write."""
    conf = Project(Path(root).resolve(), env, sets).conf()
    for name, job in sorted(conf.jobs.items()):
        inputs = ", ".join(one.ref or f"source {one.source}" for one in job.inputs.values())
        tags = f"  [{', '.join(job.tags)}]" if job.tags else ""
        click.echo(f"{name}: {inputs} → {job.output.format} {job.output.mode}{tags}")


@cli.command()
@_project
def validate(root: str, env: str | None, sets: tuple[str, ...]) -> None:
    """Check conf and job functions against each other. Reads no data, starts no JVM."""
    from sparkjobs.plan import graph_of  # noqa: PLC0415

    conf = Project(Path(root).resolve(), env, sets).conf()
    graph = graph_of(conf, _functions(conf))
    click.echo(f"{conf.project.name}: {len(graph.order)} jobs, {len(conf.sources)} sources, no mistakes")


@cli.command()
@_project
def doctor(root: str, env: str | None, sets: tuple[str, ...]) -> None:
    """Check Java, Python, Spark, Delta, the jars and the folders; each trouble with its fix."""
    from sparkjobs.doctor import examine  # noqa: PLC0415

    conf = Project(Path(root).resolve(), env, sets).conf()
    findings = list(examine(conf, os.environ))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.fix is None else 'FIX '} {finding.subject}: {finding.found}")
        if finding.fix is not None:
            click.echo(f"     {finding.fix}")
    if any(finding.fix is not None for finding in findings):
        sys.exit(2)


def main() -> None:
    """Run the command line; an error of ours is told in its own words, with its own exit code."""
    try:
        cli.main(prog_name="sparkjobs", standalone_mode=False)
    except SparkjobsError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(UsageError.exit_code)


def _functions(conf: Conf) -> Mapping[str, JobFunction]:
    return collect(conf.project.jobs, conf.root)


def _planned(
    conf: Conf, select: tuple[str, ...], exclude: tuple[str, ...], *, full_refresh: bool
) -> "RunPlan":
    from sparkjobs.plan import Request, build  # noqa: PLC0415

    return build(conf, _functions(conf), Request(select, exclude, full_refresh))


def _clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 (here the clock is read)


def _checked_run_id(run_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9_:.]{0,99}", run_id):
        raise UsageError(
            f"--run-id {run_id!r} may hold letters, digits and - _ : . (100 at most, none of - _ : . first)",
            "For example: --run-id 2026-01-31",
        )
    return run_id


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

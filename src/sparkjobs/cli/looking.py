"""The verbs that only look: list, validate, doctor, history, report, freshness."""

import os
import sys

import click

from sparkjobs.cli.options import Selection, clock, known, project, project_of, registry_of, selection, terms
from sparkjobs.errors import ConfigError, UsageError


@click.command(name="list")
@project
@terms
@selection
def list_(
    root: str,
    env: str | None,
    sets: tuple[str, ...],
    select: tuple[str, ...],
    more: tuple[str, ...],
    exclude: tuple[str, ...],
    selectors: tuple[str, ...],
    state: str | None,
) -> None:
    """List the jobs with what they read and write."""
    conf = project_of(root, env, sets).conf()
    for name in sorted(Selection((*select, *more), exclude, selectors, state).jobs(conf)):
        job = conf.jobs[name]
        inputs = ", ".join(one.ref or f"source {one.source}" for one in job.inputs.values())
        by = f" by {job.incremental.by}" if job.incremental else ""
        tags = f"  [{', '.join(job.tags)}]" if job.tags else ""
        click.echo(f"{name}: {inputs} → {job.output.format} {job.output.mode}{by}{tags}")
    for name, view in sorted(conf.views.items()):
        inputs = ", ".join(one.ref or f"source {one.source}" for one in view.inputs.values())
        click.echo(f"{name}: {inputs} → view")


@click.command()
@project
def validate(root: str, env: str | None, sets: tuple[str, ...]) -> None:
    """Check conf and job functions against each other. Reads no data, starts no JVM."""
    from sparkjobs.plan import graph_of, misfits_of_selectors  # noqa: PLC0415 (--help does without it)

    conf = project_of(root, env, sets).conf()
    registry = registry_of(conf)
    graph = graph_of(conf, registry)
    if mistakes := tuple(misfits_of_selectors(conf, graph, registry)):
        raise ConfigError(mistakes)
    click.echo(f"{conf.project.name}: {len(graph.order)} jobs, {len(conf.sources)} sources, no mistakes")


@click.command()
@project
def doctor(root: str, env: str | None, sets: tuple[str, ...]) -> None:
    """Check Java, Python, Spark, Delta, the jars and the folders; each trouble with its fix."""
    from sparkjobs.doctor import examine  # noqa: PLC0415 (--help does without it)

    conf = project_of(root, env, sets).conf()
    findings = list(examine(conf, os.environ))
    for finding in findings:
        click.echo(f"{'ok  ' if finding.fix is None else 'FIX '} {finding.subject}: {finding.found}")
        if finding.fix is not None:
            click.echo(f"     {finding.fix}")
    if any(finding.fix is not None for finding in findings):
        sys.exit(2)


@click.command()
@project
@click.argument("jobs", nargs=-1)
def history(root: str, env: str | None, sets: tuple[str, ...], jobs: tuple[str, ...]) -> None:
    """Tell what became of jobs in earlier runs, the newest last."""
    from sparkjobs.record import past_runs  # noqa: PLC0415 (--help does without it)
    from sparkjobs.terminal import history_table  # noqa: PLC0415

    conf = project_of(root, env, sets).conf()
    wanted = tuple(known(conf, job) for job in jobs)
    records = past_runs(conf.path("artifacts", "target") / "runs", conf.project.name, env)
    click.echo(history_table(records.runs, wanted or tuple(sorted(records.runs))), nl=False)
    for skipped in records.skipped:
        click.echo(f"skipped  {skipped}", err=True)


@click.command()
@project
@click.argument("run", metavar="[RUN_ID]", required=False)
def report(root: str, env: str | None, sets: tuple[str, ...], run: str | None) -> None:
    """Write the report of a run (default: the last) from its record, and tell where it is."""
    from sparkjobs.record import last_run  # noqa: PLC0415 (--help does without it)
    from sparkjobs.report import write_report  # noqa: PLC0415

    runs = project_of(root, env, sets).conf().path("artifacts", "target") / "runs"
    if run and run not in [folder.name for folder in runs.glob("*")]:
        raise UsageError(f"No run {run!r} is recorded in {runs}.", "`sparkjobs history` tells of the others.")
    click.echo(os.path.relpath(write_report(runs / run if run else last_run(runs, "run_results.json"))))


@click.command()
@project
@click.argument("jobs", nargs=-1)
def freshness(root: str, env: str | None, sets: tuple[str, ...], jobs: tuple[str, ...]) -> None:
    """Tell when tables were last published; exit code 1 when one is older than its conf allows."""
    from sparkjobs.freshness import age_of  # noqa: PLC0415 (--help does without it)
    from sparkjobs.terminal import freshness_table  # noqa: PLC0415

    conf, now = project_of(root, env, sets).conf(), clock()
    names = tuple(known(conf, job) for job in jobs) or tuple(sorted(conf.jobs))
    ages = [age_of(name, conf.jobs[name], now) for name in names]
    click.echo(freshness_table(ages), nl=False)
    for one in ages:
        if one.why:
            click.echo(f"{one.job}: {one.why}", err=True)
    if any(one.fails for one in ages):
        sys.exit(1)

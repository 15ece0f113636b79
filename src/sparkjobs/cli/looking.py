"""The verbs that only look: list, validate, doctor, history, report, docs, freshness."""

import os
import sys
from pathlib import Path

import click

from sparkjobs.cli.options import Project, Selection, clock, known, project, selection, terms
from sparkjobs.errors import ConfigError, UsageError
from sparkjobs.registry import registry_of

_NEWEST = 200
"""Recorded runs that the documentation looks at."""


@click.command(name="list")
@project
@terms
@selection
def list_(here: Project, asked: Selection) -> None:
    """List the jobs with what they read and write."""
    conf = here.conf()
    chosen = asked.jobs(conf)
    for name in sorted(chosen):
        job = conf.jobs[name]
        inputs = ", ".join(one.ref or f"source {one.source}" for one in job.inputs.values())
        by = f" by {job.incremental.by}" if job.incremental else ""
        tags = f"  [{', '.join(job.tags)}]" if job.tags else ""
        click.echo(f"{name}: {inputs} → {job.output.format} {job.output.mode}{by}{tags}")
    made = {view.model.name for name in chosen for view in conf.inlined.get(name, ())}
    for name in sorted(conf.views if chosen == conf.jobs.keys() else made):
        inputs = ", ".join(one.ref or f"source {one.source}" for one in conf.views[name].inputs.values())
        click.echo(f"{name}: {inputs} → view")


@click.command()
@project
def validate(here: Project) -> None:
    """Check conf and job functions against each other. Reads no data, starts no JVM."""
    from sparkjobs.plan import graph_of, misfits_of_selectors  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    registry = registry_of(conf)
    graph = graph_of(conf, registry)
    if mistakes := tuple(misfits_of_selectors(conf, graph, registry)):
        raise ConfigError(mistakes)
    click.echo(f"{conf.project.name}: {len(graph.order)} jobs, {len(conf.sources)} sources, no mistakes")


@click.command()
@project
def doctor(here: Project) -> None:
    """Check Java, Python, Spark, Delta, the jars and the folders; each trouble with its fix."""
    from sparkjobs.doctor import examine  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
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
def history(here: Project, jobs: tuple[str, ...]) -> None:
    """Tell what became of jobs in earlier runs, the newest last."""
    from sparkjobs.record import past_runs  # noqa: PLC0415 (--help does without it)
    from sparkjobs.terminal import history_table  # noqa: PLC0415

    conf = here.conf()
    wanted = tuple(known(conf, job) for job in jobs)
    records = past_runs(conf.path("artifacts", "target") / "runs", conf.project.name, conf.env)
    click.echo(history_table(records.runs, wanted or tuple(sorted(records.runs))), nl=False)
    for skipped in records.skipped:
        click.echo(f"skipped  {skipped}", err=True)


@click.command()
@project
@click.argument("run", metavar="[RUN_ID]", required=False)
def report(here: Project, run: str | None) -> None:
    """Write the report of a run (default: the last) from its record, and tell where it is."""
    from sparkjobs.record import last_run  # noqa: PLC0415 (--help does without it)
    from sparkjobs.report import write_report  # noqa: PLC0415

    runs = here.conf().path("artifacts", "target") / "runs"
    if run and run not in [folder.name for folder in runs.glob("*")]:
        raise UsageError(f"No run {run!r} is recorded in {runs}.", "`sparkjobs history` tells of the others.")
    click.echo(os.path.relpath(write_report(runs / run if run else last_run(runs, "run_results.json"))))


@click.command()
@project
@click.option(
    "--out",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the page there; default: docs/index.html among the artifacts.",
)
@click.option(
    "--spark",
    "ask_spark",
    is_flag=True,
    help="Ask Spark what the columns of functions are made of; starts it, and reads no data.",
)
def docs(here: Project, file: Path | None, ask_spark: bool) -> None:
    """Write one page about all sources, views and jobs, and tell where it is. Starts no JVM.

    It holds the graph, descriptions, columns, checks, code, lineage and what became of the last runs, and
    loads nothing: one file that can be sent or put on any server.
    """
    from sparkjobs.docs import gathered, page, written  # noqa: PLC0415 (--help does without it)
    from sparkjobs.lineage.static import columns_in_text  # noqa: PLC0415
    from sparkjobs.plan import graph_of  # noqa: PLC0415
    from sparkjobs.record import past_runs  # noqa: PLC0415

    conf = here.conf()
    registry = registry_of(conf)
    graph_of(conf, registry)
    if ask_spark:
        from sparkjobs import session  # noqa: PLC0415
        from sparkjobs.lineage.walk import columns_of  # noqa: PLC0415

        lineage = columns_of(session.start_brief, conf, registry)
    else:
        lineage = columns_in_text(conf)
    artifacts = conf.path("artifacts", "target")
    records = past_runs(artifacts / "runs", conf.project.name, conf.env, newest=_NEWEST)
    site = gathered(conf, registry, lineage, records, clock())
    click.echo(os.path.relpath(written(file or artifacts / "docs/index.html", page(site))))


@click.command()
@project
@click.argument("jobs", nargs=-1)
def freshness(here: Project, jobs: tuple[str, ...]) -> None:
    """Tell when tables were last published; exit code 1 when one is older than its conf allows."""
    from sparkjobs.freshness import age_of  # noqa: PLC0415 (--help does without it)
    from sparkjobs.terminal import freshness_table  # noqa: PLC0415

    conf, now = here.conf(), clock()
    names = tuple(known(conf, job) for job in jobs) or tuple(sorted(conf.jobs))
    ages = [age_of(name, conf.jobs[name], now) for name in names]
    click.echo(freshness_table(ages), nl=False)
    for one in ages:
        if one.why:
            click.echo(f"{one.job}: {one.why}", err=True)
    if any(one.fails for one in ages):
        sys.exit(1)

"""The verbs that write what a project begins with: init, new."""

import os
from pathlib import Path

import click

from sparkjobs.cli.options import Project, project
from sparkjobs.registry import registry_of


@click.command()
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--name", default=None, metavar="NAME", help="Name the project; default: as its folder.")
def init(folder: str, name: str | None) -> None:
    """Write a project that runs at once into DIR (default: here): a source, a job with checks, a test.

    Nothing is overwritten.
    """
    from sparkjobs.registry import collect  # noqa: PLC0415 (--help does without it)
    from sparkjobs.scaffold import new_project  # noqa: PLC0415
    from sparkjobs.schemas import schemas  # noqa: PLC0415

    root = Path(folder).resolve()
    for path in new_project(root, name, schemas(collect((), root).checks)):
        click.echo(os.path.relpath(root / path))


@click.group()
def new() -> None:
    """Write a source or a job into a project."""


@new.command()
@project
@click.argument("name")
@click.argument("path")
def source(here: Project, name: str, path: str) -> None:
    """Append the source NAME to conf/sources.yml, with columns and checks as its files suggest.

    PATH is a CSV, Parquet or JSON lines file, a folder or a (quoted) glob, seen from the project's
    folder. The first 10,000 rows of up to ten files are looked at.
    """
    from sparkjobs.scaffold import new_source  # noqa: PLC0415 (--help does without it)

    click.echo(new_source(here.conf(), name, path), nl=False)


@new.command()
@project
@click.argument("name")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    required=True,
    metavar="INPUT=ref:JOB|source:NAME",
    help="An input of the job, and where it comes from; may be repeated.",
)
def job(here: Project, name: str, inputs: tuple[str, ...]) -> None:
    """Write conf/jobs/NAME.yml, and a function with these inputs into the first package of `jobs:`."""
    from sparkjobs.scaffold import new_job  # noqa: PLC0415 (--help does without it)

    conf = here.conf()
    for path in new_job(conf, registry_of(conf), name, inputs):
        click.echo(os.path.relpath(conf.root / path))

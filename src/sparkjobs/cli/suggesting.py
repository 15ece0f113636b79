"""The verb that proposes checks: suggest."""

import click

from sparkjobs.cli.options import clock, known, project, project_of, registry_of


@click.command()
@project
@click.argument("job")
def suggest(root: str, env: str | None, sets: tuple[str, ...], job: str) -> None:
    """Propose checks for the table of JOB, as YAML: what all its rows have in common today."""
    from sparkjobs.session import start  # noqa: PLC0415 (--help does without it)
    from sparkjobs.suggest import suggested  # noqa: PLC0415

    conf = project_of(root, env, sets).conf()
    checks = registry_of(conf).checks
    click.echo(suggested(start, conf, known(conf, job), checks, clock()), nl=False)

"""The verb that reads suites of other tools: import."""

from pathlib import Path

import click

from sparkjobs.config.node import MAX_BYTES
from sparkjobs.errors import UsageError


@click.command(name="import")
@click.argument("tool", type=click.Choice(["gx", "dbt", "dqx"]))
@click.argument("file")
def import_(tool: str, file: str) -> None:
    """Turn the checks of another tool into `checks:` of a job, with the `inputs:` that they need.

    Those that have no equal are named.

    FILE is a suite of Great Expectations (JSON), a properties file of dbt (YAML), or a list of DQX's
    checks (YAML or JSON).
    """
    from sparkjobs.registry import collect  # noqa: PLC0415 (--help does without it)
    from sparkjobs.suites import TOOLS, written  # noqa: PLC0415

    given = TOOLS[tool]
    blocks = given.read(file, _bytes_of(file))
    functions = collect((), Path(__file__).parents[2]).checks
    done = written(f"{given.title}: {file}", blocks, given.table, functions)
    click.echo(done.text, nl=False)
    click.echo(done.summary, err=True)


def _bytes_of(file: str) -> bytes:
    """What is in `file`, or a byte more than is ever read."""
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "Name a file that can be read.") from error

"""The verb that reads what other tools have: import."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from sparkjobs.config.mistakes import one_line
from sparkjobs.config.node import MAX_BYTES
from sparkjobs.errors import SparkjobsError, UsageError
from sparkjobs.registry import CheckFunction

_SHOWN = 20
"""How much of what needs a hand is told on the screen; the file tells all of it."""


@click.command(name="import")
@click.argument("tool", type=click.Choice(["gx", "dbt", "dqx"]))
@click.argument("file")
@click.option(
    "--to",
    "folder",
    default=None,
    metavar="FOLDER",
    help="Where the project is written that a dbt project becomes; default: NAME_sparkjobs, here.",
)
def import_(tool: str, file: str, folder: str | None) -> None:
    """Turn the checks of another tool into `checks:` of a job, or a whole dbt project into a project.

    FILE is a suite of Great Expectations (JSON), a properties file of dbt (YAML), or a list of DQX's
    checks (YAML or JSON). What they become is printed, with the `inputs:` that it needs; checks that
    have no equal are named.

    With dbt, FILE may be the folder of a project: its models, seeds, tests and snapshots become a
    project in a folder that is new or empty. What needs a hand is told, here and in IMPORT.md.
    """
    from sparkjobs.registry import collect  # noqa: PLC0415 (--help does without it)

    functions = collect((), Path(__file__).parents[2]).checks
    if tool == "dbt" and Path(file).is_dir():
        _project(Path(file).resolve(), folder, functions)
        return
    if folder is not None:
        raise UsageError(
            "--to goes with the folder of a dbt project.", "Without it, the checks of FILE are printed."
        )
    from sparkjobs.suites import TOOLS, written  # noqa: PLC0415 (--help does without it)

    given = TOOLS[tool]
    blocks = given.read(file, _bytes_of(file))
    done = written(f"{given.title}: {file}", blocks, given.table, functions)
    click.echo(done.text, nl=False)
    click.echo(done.summary, err=True)


def _project(root: Path, folder: str | None, functions: Mapping[str, CheckFunction]) -> None:
    """Take the dbt project in `root` over, tell what needs a hand, and whether it holds together."""
    from sparkjobs import dbt_projects  # noqa: PLC0415 (--help does without it)
    from sparkjobs.schemas import schemas  # noqa: PLC0415

    taken = dbt_projects.taken_over(root, functions)
    to = Path(folder or f"{dbt_projects.name_of(taken.project.name)}_sparkjobs").resolve()
    remarks = dbt_projects.write(taken, to, schemas(functions))
    need = dbt_projects.hands(remarks)
    for one in need[:_SHOWN]:
        click.echo(one_line(f"{one.place}: {one.what}"))
        click.echo(one_line(f"    {one.fix}"))
    shown = os.path.relpath(to)
    if len(need) > _SHOWN:
        click.echo(f"… and {len(need) - _SHOWN} more")
    click.echo(f"{dbt_projects.summary(taken)} → {shown}")
    others = f"said another way: {len(remarks) - len(need)}"
    click.echo(f"needs a hand: {len(need)}; {others}; all of it is in {shown}/{dbt_projects.TOLD}")
    try:
        _hold_together(to)
    except SparkjobsError:
        click.echo(f"Next: sparkjobs validate --project {shown}")
        raise
    click.echo(f"Next: sparkjobs run --project {shown}")


def _hold_together(root: Path) -> None:
    """Look at the new project as `validate` does.

    Raises:
        ConfigError: it does not hold together yet.
    """
    from sparkjobs.config import load  # noqa: PLC0415 (--help does without it)
    from sparkjobs.plan import graph_of  # noqa: PLC0415
    from sparkjobs.registry import registry_of  # noqa: PLC0415

    conf = load(root, None, (), os.environ)
    graph_of(conf, registry_of(conf))


def _bytes_of(file: str) -> bytes:
    """What is in `file`, or a byte more than is ever read."""
    try:
        with Path(file).open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", "Name a file that can be read.") from error

"""The program: its verbs, and how an error ends it."""

import sys

import click

from sparkjobs.cli.beginning import init, new
from sparkjobs.cli.importing import import_
from sparkjobs.cli.looking import docs, doctor, freshness, history, list_, report, validate
from sparkjobs.cli.optimizing import optimize
from sparkjobs.cli.quarantine import quarantine
from sparkjobs.cli.running import plan, retry, run
from sparkjobs.cli.schema import schema
from sparkjobs.cli.state import restore, state
from sparkjobs.cli.suggesting import suggest
from sparkjobs.cli.testing import test
from sparkjobs.cli.tracing import lineage
from sparkjobs.errors import SparkjobsError, UsageError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sparkjobs")
def cli() -> None:
    """Run PySpark batch jobs that lose nothing, double nothing, publish nothing wrong and hide nothing.

    SELECT follows dbt: name, tag:x, source:x, path:jobs/x, config.KEY:x, state:modified, result:error,
    selector:x; +name (with what it reads), name+ (with what reads it), @name (with what these read), a
    comma for and, a space for or.
    """


for _verb in (
    *(run, plan, retry, history, report, docs, freshness, lineage, list_, validate, doctor, import_),
    *(state, restore, optimize, quarantine, suggest, test, init, new, schema),
):
    cli.add_command(_verb)


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

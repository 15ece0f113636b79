"""The command line: the verbs, and nothing else prints. Results go to stdout, the rest to stderr.

Here: one module per family of verbs, what their options mean, an error's way to its exit code.
Not here: what a verb does (run, plan, upkeep, optimize, doctor).
"""

from sparkjobs.cli.main import cli, main

__all__ = ["cli", "main"]

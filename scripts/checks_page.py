"""Write docs/checks.md from the checks themselves: their signatures, docstrings and examples."""

import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import groupby
from pathlib import Path

from sparkjobs.registry import CheckFunction, collect

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "checks.md"
MARK = "<!-- from here on: scripts/checks_page.py -->\n"
_ORDER = (
    *("presence", "values", "text", "formats", "national", "times", "documents", "pairs", "keys", "tables"),
    *("others", "aggregates", "distribution", "outliers", "anomalies", "custom"),
)


def page(text: str) -> str:
    """`text` with its tables made anew."""
    return text.partition(MARK)[0] + MARK + "".join(tables())


def tables() -> Iterator[str]:
    """A table per module of checks."""
    checks = sorted(collect((), ROOT).checks.values(), key=lambda one: (_ORDER.index(_module(one)), one.line))
    for module, group in groupby(checks, _module):
        told = inspect.getdoc(import_module(f"sparkjobs.checks.{module}")) or ""
        title, _, rest = told.partition("\n\n")
        yield f"\n## {' '.join(title.split()).rstrip('.')}\n"
        yield f"{' '.join(rest.split())}\n\n" if rest else ""
        yield "| check | answered by | passes when |\n|---|---|---|\n"
        yield from map(row, group)


def row(check: CheckFunction) -> str:
    """A check's row in its table."""
    required = [name for name, one in check.arguments.items() if one.required]
    optional = [f"{name}?" for name, one in check.arguments.items() if not one.required]
    arguments = ", ".join((*check.columns, *required, *optional))
    text = " ".join(line for line in check.description.splitlines() if not _is_example(line)).strip()
    cheaper = "plan, else " if check.distinct else "footers, else " if check.footer else ""
    source = cheaper + check.answered_by
    return f"| `{check.name}: {{{arguments}}}` | {source} | {text} |\n"


def _is_example(line: str) -> bool:
    return line.strip().startswith(("green:", "red:"))


def _module(check: CheckFunction) -> str:
    return Path(check.file).stem


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.relative_to(ROOT)} written\n")

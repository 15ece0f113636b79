"""Print what `make faults` counted, as the tables of the README."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

COUNTED = ("faults", "reruns", "lost", "doubled", "misread")
Entry = dict[str, Any]


def summed(entries: Iterable[Entry], *by: str) -> list[tuple[str, ...]]:
    """One line per value of `by`: how many tables were hurt, at how many places, and what it cost."""
    groups: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[tuple(entry[name] for name in by)].append(entry)
    lines = []
    for key, group in sorted(groups.items()):
        places = {place for entry in group for place in entry["where"].split(" > ")}
        worst = max(entry["reruns"] for entry in group)
        sums = {name: sum(entry[name] for entry in group) for name in COUNTED}
        counts = (
            len(group),
            len(places),
            sums["faults"],
            worst,
            sums["lost"],
            sums["doubled"],
            sums["misread"],
        )
        lines.append((*key, *map(str, counts)))
    return lines


def table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    rows = [head, tuple("---" for _ in head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main(path: Path) -> None:
    """Print both tables."""
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    own = [entry for entry in entries if entry["who"] == "sparkjobs"]
    plain = [entry for entry in entries if entry["who"] == "plain"]
    counts = ("tables", "places", "faults", "re-runs needed", "rows lost", "rows doubled", "readers misled")
    print("### sparkjobs, by mode\n")
    print(table(("mode", "format", *counts), summed(own, "mode", "format")))
    print("\n### sparkjobs, by fault\n")
    print(table(("fault", "format", *counts), summed(own, "what", "format")))
    print("\n### A plain PySpark script that saves which files it has read\n")
    print(table(("mode", "format", *counts), summed(plain, "mode", "format")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

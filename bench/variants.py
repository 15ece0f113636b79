"""What is compared: each a command that writes the same table, and says which of its checks hold."""

import json
from dataclasses import dataclass
from pathlib import Path

from bench.submit import OUT, submitted


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write the table."""

    name: str
    title: str
    script: str
    """In bench/, or the entry of sparkjobs."""

    @property
    def folder(self) -> Path:
        """Where its table and all that it says lie."""
        return OUT / self.name

    @property
    def events(self) -> Path:
        """Where its event log lies."""
        return self.folder / "events"

    @property
    def table(self) -> Path:
        """The table that it writes."""
        return self.folder / "table"


ENTRY = "main.py"
VARIANTS = (
    Variant("empty", "a session that counts one row", "bench/empty.py"),
    Variant("plain", "plain PySpark, no checks", "bench/plain.py"),
    Variant("sparkjobs", "sparkjobs, 20 checks", ENTRY),
    Variant("gx", "plain PySpark + Great Expectations, 20 expectations", "bench/with_gx.py"),
    Variant("by_hand", "plain PySpark, 20 checks by hand after the write", "bench/by_hand.py"),
)


def command(variant: Variant, data: Path, kind: str) -> list[str]:
    """The command that writes the table of `variant`, as a user would start it."""
    if variant.script != ENTRY:
        arguments = kind, str(data), str(variant.table)
        return submitted(variant.script, *arguments, events=variant.events, delta=kind == "delta")
    sets = (
        f"paths.landing={data}",
        f"paths.warehouse={variant.folder}",
        f"paths.artifacts={variant.folder}",
        f"jobs.priced_lines.output.format={kind}",
    )
    overrides = [word for one in sets for word in ("--set", one)]
    return submitted(ENTRY, "run", "--project", "bench", *overrides, events=variant.events)


def passed(variant: Variant) -> int | None:
    """How many checks hold; None where there are none.

    Raises:
        ValueError: one does not.
    """
    if variant.name in ("empty", "plain"):
        return None
    if variant.script == ENTRY:
        (record,) = variant.folder.glob("runs/*/run_results.json")
        checks = json.loads(record.read_text(encoding="utf-8"))["results"][0]["checks"]
        told = {str(place): one["status"] == "pass" for place, one in enumerate(checks)}
    else:
        told = json.loads(log_of(variant).read_text(encoding="utf-8").splitlines()[-1])
    if broken := [name for name, holds in told.items() if not holds]:
        raise ValueError(f"{variant.name}: broken: {', '.join(broken)}")
    return len(told)


def log_of(variant: Variant) -> Path:
    """Where what it says is kept."""
    return variant.folder / "log.txt"

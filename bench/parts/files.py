"""More files: one source of very many small ones."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from bench.measure import Cost, measured
from bench.parts import DATA, GROWTH, PROJECT, Told
from bench.parts.arrivals import batch
from bench.rows import content
from bench.submit import ROOT, bare, environment, files_of, sets, submitted
from bench.tables import markdown

ROWS = 25
DIFFERENT = 100
"""The others are links to these, under names of their own."""

_WRITERS: dict[str, Callable[[pa.Table, str], None]] = {"parquet": pq.write_table, "csv": csv.write_csv}


@dataclass(frozen=True, slots=True)
class Many:
    """What so many files cost."""

    format: str
    files: int
    plan: Cost
    """Without a JVM."""
    run: Cost
    by_hand: Cost
    plan_again: Cost
    """When all are published."""


def measure(numbers: Mapping[str, int], memory: str) -> Told:
    """The plan, the run and the same by hand, of a source in each format."""
    found = [_measure(kind, number, memory) for kind, number in numbers.items() if number]
    head = "CPU seconds (wall seconds)", "files", "plan", "run", "by hand", "of by hand", "plan again"
    lines = (
        (
            *(one.format, f"{one.files:,}", _seconds(one.plan), _seconds(one.run), _seconds(one.by_hand)),
            *(f"**{one.run.cpu_s / one.by_hand.cpu_s:.2f}**", _seconds(one.plan_again)),
        )
        for one in found
    )
    return Told(tuple(map(asdict, found)), markdown(head, lines))


def _measure(kind: str, number: int, memory: str) -> Many:
    landing, out, job = generated(kind, number), GROWTH / "files" / kind, f"many_{kind}"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    options = job, "--project", str(PROJECT), *sets(landing, out)
    commands = {
        "plan": bare("plan", *options),
        "run": submitted("main.py", "run", *options, memory=memory),
        "plan_again": bare("plan", *options),
        "by_hand": submitted(
            "bench/parts/by_hand.py", kind, str(landing / "files"), str(out / "by_hand"), memory=memory
        ),
    }
    costs = {name: measured(one, ROOT, environment(), out / f"{name}.log") for name, one in commands.items()}
    ours, by_hand = (content(files_of(out / name, "parquet")) for name in (job, "by_hand"))
    if ours != by_hand:
        raise ValueError(f"{kind}: sparkjobs has written {ours}; by hand, {by_hand}")
    return Many(kind, number, **costs)


def generated(kind: str, number: int) -> Path:
    """A folder with `number` files of format `kind` below `files`, made where it is not there."""
    folder = DATA / f"{kind}-{number}"
    if folder.exists():
        return folder
    made = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(made, ignore_errors=True)
    (made / "files").mkdir(parents=True)
    names = [str(made / "files" / f"{place:06}.{kind}") for place in range(number)]
    for place, name in enumerate(names):
        if place < DIFFERENT:
            _WRITERS[kind](batch(place, ROWS), name)
        else:
            os.link(names[place % DIFFERENT], name)
    made.rename(folder)
    return folder


def _seconds(cost: Cost) -> str:
    return f"{cost.cpu_s:.1f} ({cost.wall_s:.1f})"

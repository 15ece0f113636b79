"""Let real data arrive in pieces, late, corrected, through a killed run; then compare with a full load."""

import os
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

PROJECT = "examples/incremental"
MONTHS = Path("data/landing/flights")
HOME = Path("data/incremental")
LANDING = HOME / "landing"
RELEASES = ("20221121", "20250909")
"""Of airportsdata (MIT): two registers, almost three years apart."""
KEYS = {
    "departures": ["month", "scheduled_hour_utc", "carrier", "flight", "origin"],
    "carrier_months": ["month", "carrier"],
    "dim_airports": ["icao", "valid_from"],
}


@dataclass(frozen=True, slots=True)
class Step:
    """What arrives before one run."""

    told: str
    months: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()
    """Months whose delays are an hour too long."""
    release: str | None = None
    killed: bool = False
    """Whether a first run is killed in its midst."""


STORY = (
    Step("January, a wrong February, and a register of airports arrive", (1, 2), (2,), RELEASES[0]),
    Step("nothing arrives"),
    Step("March and May arrive, April is late", (3, 5)),
    Step("February is corrected", (2,)),
    Step("April arrives, and a new register", (4,), (), RELEASES[1], killed=True),
    Step("the rest of the year arrives", (6, 7, 8, 9, 10, 11, 12)),
)


def main() -> None:
    """Run the whole story, and end with exit code 1 if its tables are not those of the full load."""
    shutil.rmtree(HOME, ignore_errors=True)
    for number, step in enumerate(STORY, 1):
        print(f"\n── {number}. {step.told}", flush=True)
        for month in step.months:
            _land(f"flights/2013-{month:02}.csv", _flights(month, wrong=month in step.wrong))
        if step.release:
            _land(f"airports/{step.release}.csv", _register(step.release))
        if step.killed:
            print("   a first run is killed (SIGKILL) right before its MERGE", flush=True)
            _run(kill_at="merge.before")
        _run()
    print("\n── a full load of the same files, for comparison", flush=True)
    _run("--set", "paths.warehouse=../../data/incremental/full", "--set", "paths.artifacts=../../target/full")
    equal = [_same(job) for job in KEYS]
    sys.exit(0 if all(equal) else 1)


def _run(*options: str, kill_at: str | None = None) -> None:
    environment = {**os.environ} | ({"SPARKJOBS_KILL_AT": kill_at} if kill_at else {})
    command = ["spark-submit", "main.py", "run", "--project", PROJECT, *options]
    done = subprocess.run(command, env=environment, check=False, stderr=subprocess.PIPE, text=True)
    if kill_at is None and done.returncode:
        sys.exit(done.stderr)
    if kill_at and done.returncode not in (-signal.SIGKILL, 128 + signal.SIGKILL):
        sys.exit(f"the run was to be killed, and ended with {done.returncode}\n{done.stderr}")


def _flights(month: int, *, wrong: bool) -> str:
    text = (MONTHS / f"2013-{month:02}.csv").read_text(encoding="utf-8")
    if not wrong:
        return text
    header, *lines = (line.split(",") for line in text.splitlines())
    at = header.index("dep_delay")
    for line in lines:
        line[at] = line[at] if line[at] == "NA" else str(int(float(line[at])) + 60)
    return "\n".join(",".join(line) for line in (header, *lines)) + "\n"


def _register(release: str) -> str:
    """The airports of one release, each line with its date; fetched from the package index once."""
    folder = Path("data/airportsdata")
    wheel = folder / f"airportsdata-{release}-py3-none-any.whl"
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        subprocess.run([*pip, f"airportsdata=={release}"], check=True)
    with zipfile.ZipFile(wheel) as unpacked:
        header, *lines = unpacked.read("airportsdata/airports.csv").decode().splitlines()
    day = f"{release[:4]}-{release[4:6]}-{release[6:]}"
    return "\n".join([f"{header},released", *(f"{line},{day}" for line in lines)]) + "\n"


def _land(name: str, text: str) -> None:
    path = LANDING / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _same(job: str) -> bool:
    """Whether the table that grew piece by piece is, row for row, that of the full load."""
    grown, full = (_sorted(HOME / folder / job, KEYS[job]) for folder in ("warehouse", "full"))
    verdict = "equal" if grown.equals(full) else "DIFFERENT"
    print(f"{job}: {grown.num_rows:,} rows, {full.num_rows:,} in the full load: {verdict}")
    return bool(grown.equals(full))


def _sorted(table: Path, keys: list[str]) -> pa.Table:
    rows = DeltaTable(table).to_pyarrow_table()
    return (
        rows.select(sorted(rows.column_names)).sort_by([(key, "ascending") for key in keys]).combine_chunks()
    )


if __name__ == "__main__":
    main()

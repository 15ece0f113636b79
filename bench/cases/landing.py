"""The data of the cases: TPC-H, by its own generator, and what arrives later."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.submit import ROOT


@dataclass(frozen=True, slots=True)
class Landing:
    """Files that lie in a case's folder `arrived`: at first, and when the measured run begins."""

    folder: Path
    before: tuple[Path, ...] = ()
    after: tuple[Path, ...] = ()


def landing_of(case: str, data: Path) -> Landing:
    """Where `case` finds its files."""
    orders = tuple(sorted((data / "parquet" / "orders").iterdir()))
    later = data / "later"
    match case:
        case "append":
            return Landing(data / "of_append", orders[:-1], orders)
        case "partitions":
            return Landing(data / "of_partitions", orders, (later / "year.parquet",))
        case "merge":
            return Landing(data / "of_merge", orders, (*orders, later / "changed.parquet"))
        case "flights":
            return Landing(ROOT / "data" / "landing")
        case _:
            return Landing(data)


def lay_out(landing: Landing, files: tuple[Path, ...], known: tuple[Path, ...]) -> None:
    """Let `files` be what has arrived; those that are not `known` are news."""
    arrived = landing.folder / "arrived"
    shutil.rmtree(arrived, ignore_errors=True)
    arrived.mkdir(parents=True)
    for file in files:
        os.link(file, arrived / file.name)
    news = [str(arrived / file.name) for file in files if file not in known]
    (landing.folder / "news.txt").write_text("\n".join(news), encoding="utf-8")


def generated(folder: Path, scale: float) -> Path:
    """The data at `scale`, made where it is not there."""
    if folder.exists():
        return folder
    made = folder.with_name(f"{folder.name}.making")
    shutil.rmtree(made, ignore_errors=True)
    _tables(made / "parquet", "parquet", scale, "--tables", "lineitem,orders", "--parts", "4")
    _tables(made / "parquet", "parquet", scale, "--tables", "nation")
    _tables(made / "csv", "csv", scale, "--tables", "orders", "--parts", "4")
    _later(made)
    made.rename(folder)
    return folder


def _tables(folder: Path, kind: str, scale: float, *which: str) -> None:
    program = str(Path(sys.executable).with_name("tpchgen-cli"))
    size = "--scale-factor", f"{scale:g}", "--output-dir", str(folder), "--quiet"
    subprocess.run([program, kind, *which, *size], check=True)


def _later(data: Path) -> None:
    """One year of orders again, and one in a hundred with another price."""
    (data / "later").mkdir()
    orders = duckdb.read_parquet(str(data / "parquet" / "orders" / "*.parquet"))
    year = orders.filter("year(o_orderdate) = 1995")
    changed = orders.filter("hash(o_orderkey) % 100 = 0")
    changed = changed.project("* replace ((o_totalprice + 1)::decimal(15,2) as o_totalprice)")
    year.write_parquet(str(data / "later" / "year.parquet"))
    changed.write_parquet(str(data / "later" / "changed.parquet"))

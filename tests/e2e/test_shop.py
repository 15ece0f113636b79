"""The example that came from dbt, run for real: its tables equal those of a script by hand in DuckDB, row for row."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable

from tests.e2e.demo import ROOT, options, spark_submit, sparkjobs, sparkjobs_with_java

EXAMPLE = ROOT / "examples" / "shop"
BY_HAND = Path(__file__).with_name("shop.sql").read_text(encoding="utf-8")
JOBS = ("customers", "payments", "customer_segments", "orders")
PAYMENT = "16,14,coupon,,2018-01-18\n"
UPDATED = "16,14,coupon,575,2018-03-06\n"
BROKEN = "36,30,cheque,100,2018-03-08\n"
GOOD = "37,30,gift_card,1250,2018-03-08\n"
TWICE = "20,Anna,B.\n"

Rows = Counter[tuple[object, ...]]
Tables = Mapping[str, tuple[tuple[str, ...], Rows]]


@dataclass(frozen=True)
class Step:
    """One run, what it left, and what DuckDB makes of the seeds that it read."""

    process: CompletedProcess[str]
    tables: Tables
    versions: Mapping[str, int]
    by_hand: Tables
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """run_results.json by job; empty where there was nothing to run."""

    def ledgers(self, source: str) -> Mapping[str, Mapping[str, int]]:
        """What each job that ran read of `source`."""
        return {
            job: ledger
            for job, one in self.results.items()
            for name, ledger in one["ledger"].items()
            if name.endswith(source)
        }


@dataclass(frozen=True)
class Shop:
    """A copy of the example, and what became of it. Whoever reads it runs nothing that needs Java."""

    folder: Path
    first: Step
    again: Step
    changed: Step
    failed: Step

    def sparkjobs(self, *arguments: str) -> CompletedProcess[str]:
        """`sparkjobs ARGUMENTS` for this copy, without Java."""
        return sparkjobs(*arguments, *_options(self.folder))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The example, run four times; three of the runs need Spark."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copytree(EXAMPLE, folder / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    told = _options(folder)

    first = _step(folder, spark_submit(folder, "run", *told))
    again = _step(folder, sparkjobs("run", *told))
    _change(folder, "payments", PAYMENT, UPDATED)
    _change(folder, "payments", "", BROKEN + GOOD)
    changed = _step(folder, sparkjobs_with_java("run", *told))
    _change(folder, "customers", "", TWICE)
    failed = _step(folder, spark_submit(folder, "run", *told))
    return Shop(folder, first, again, changed, failed)


def test_every_table_is_what_duckdb_makes_of_the_seeds(shop: Shop) -> None:
    assert shop.first.process.returncode == 0, shop.first.process.stdout
    assert {job: one["status"] for job, one in shop.first.results.items()} == dict.fromkeys(JOBS, "success")
    assert {job: rows.total() for job, (_, rows) in shop.first.tables.items()} == {
        "customers": 20,
        "payments": 35,
        "customer_segments": 3,
        "orders": 30,
    }
    assert shop.first.tables == shop.first.by_hand


def test_views_are_no_tables(shop: Shop) -> None:
    assert sorted(path.name for path in (shop.folder / "warehouse").iterdir()) == sorted(JOBS)


def test_the_tests_of_the_properties_file_were_asked(shop: Shop) -> None:
    checks = {
        job: [(check["name"], check["status"]) for check in one["checks"]]
        for job, one in shop.first.results.items()
    }
    assert checks == {
        "customers": [("unique(customer_id)", "pass"), ("not_null(customer_id)", "pass")],
        "payments": [("unique(payment_id)", "pass"), ("not_null(payment_id)", "pass")],
        "customer_segments": [("unique(segment)", "pass")],
        "orders": [
            ("unique(order_id)", "pass"),
            ("not_null(order_id)", "pass"),
            ("not_null(customer_id)", "pass"),
            ("foreign_key(customer_id)", "pass"),
            ("accepted_values(status)", "pass"),
        ],
    }


def test_a_second_run_has_nothing_to_do_and_needs_no_java(shop: Shop) -> None:
    assert shop.again.process.returncode == 0, shop.again.process.stderr
    assert _told(shop.again) == dict.fromkeys(JOBS, "no-op")
    assert shop.again.versions == shop.first.versions


def test_an_updated_payment_reaches_every_table_that_it_belongs_to(shop: Shop) -> None:
    assert shop.changed.process.returncode == 0, shop.changed.process.stderr
    changed = [job for job in JOBS if shop.changed.tables[job] != shop.first.tables[job]]
    assert changed == ["customers", "payments", "customer_segments", "orders"]
    assert shop.changed.tables == shop.changed.by_hand


def test_the_incremental_model_takes_only_what_its_filter_lets_through(shop: Shop) -> None:
    """Payments since the last day that it holds, 5 March: two that are there, one updated later, one new."""
    assert [step.results["payments"]["staged"] for step in (shop.first, shop.changed)] == [35, 4]


def test_a_broken_payment_is_in_quarantine_and_all_others_in_the_tables(shop: Shop) -> None:
    rejected = {"read": 37, "valid": 36, "quarantined": 1}
    assert shop.changed.ledgers("shop_payments") == dict.fromkeys(
        ("customers", "payments", "orders"), rejected
    )
    assert shop.changed.tables["payments"][1].total() == 36

    shown = shop.sparkjobs("quarantine", "show", "orders")

    assert shown.returncode == 0, shown.stderr
    (line,) = (json.loads(line) for line in shown.stdout.splitlines())
    assert (line["raw"], [(one["column"], one["value"]) for one in line["reasons"]]) == (
        BROKEN.strip(),
        [("payment_method", "cheque")],
    )


def test_where_a_check_of_a_mart_fails_nothing_is_published_and_readers_keep_the_old_version(
    shop: Shop,
) -> None:
    assert shop.failed.process.returncode == 1, shop.failed.process.stdout
    assert {job: one["status"] for job, one in shop.failed.results.items()} == {
        "customers": "fail",
        "payments": "no-op",
        "customer_segments": "skipped",
        "orders": "skipped",
    }
    assert [
        check["name"] for check in shop.failed.results["customers"]["checks"] if check["status"] == "fail"
    ] == ["unique(customer_id)"]
    assert (shop.failed.tables, shop.failed.versions) == (shop.changed.tables, shop.changed.versions)

    alone = shop.sparkjobs("run", "customer_segments")

    assert alone.returncode == 0, alone.stderr
    assert alone.stdout.splitlines()[1].split()[:2] == ["customer_segments", "no-op"]


def _options(folder: Path) -> tuple[str, ...]:
    return "--project", str(folder / "shop"), *options(folder)


def _change(folder: Path, seed: str, line: str, others: str) -> None:
    path = folder / "shop" / "seeds" / f"{seed}.csv"
    text = path.read_text(encoding="utf-8")
    assert line in text
    path.write_text(text.replace(line, others) if line else text + others, encoding="utf-8")


def _step(folder: Path, process: CompletedProcess[str]) -> Step:
    by_hand = dict(_by_hand(folder / "shop" / "seeds"))
    tables = {job: DeltaTable(folder / "warehouse" / job) for job in JOBS}
    return Step(
        process,
        {job: _rows(table) for job, table in tables.items()},
        {job: table.version() for job, table in tables.items()},
        by_hand,
        _results(folder),
    )


def _by_hand(seeds: Path) -> Iterator[tuple[str, tuple[tuple[str, ...], Rows]]]:
    with duckdb.connect(config={"file_search_path": str(seeds)}) as connection:
        connection.execute(BY_HAND)
        for job in JOBS:
            found = connection.execute(f"from {job}")
            names = tuple(column[0] for column in found.description)
            yield job, (names, Counter(found.fetchall()))


def _rows(table: DeltaTable) -> tuple[tuple[str, ...], Rows]:
    arrow = table.to_pyarrow_table()
    return tuple(arrow.column_names), Counter(
        zip(*(column.to_pylist() for column in arrow.columns), strict=True)
    )


def _results(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """Of the latest run that left a record."""
    latest = max(
        (folder / "target" / "runs").glob("*/run_results.json"), key=lambda path: path.stat().st_mtime
    )
    entries = json.loads(latest.read_text(encoding="utf-8"))["results"]
    return {one["unique_id"].rsplit(".", 1)[1]: one for one in entries}


def _told(step: Step) -> Mapping[str, str]:
    lines = (line.split() for line in step.process.stdout.splitlines()[1:])
    return {words[0]: words[1] for words in lines}

"""What the report of a run says, without a browser."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from sparkjobs.cli import cli
from sparkjobs.errors import UsageError
from sparkjobs.report import page, write_report
from tests.projects import lay_out
from tests.recorded import ORDERS, RUN, STORES, check, entry, kept, record


def told(*jobs: dict[str, object]) -> str:
    return page(record(*jobs), {})


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (["success"], "1 job published"),
        (["success", "success", "no-op"], "2 jobs published, 1 up to date"),
        (["no-op", "no-op"], "2 jobs up to date, nothing to do"),
        (["success", "error"], "1 of 2 jobs did not publish; its table is as it was"),
        (["fail", "skipped"], "2 of 2 jobs did not publish; their tables are as they were"),
    ],
)
def test_the_verdict_is_one_sentence(statuses: list[str], verdict: str) -> None:
    jobs = [entry(f"job_{place}", status) for place, status in enumerate(statuses)]

    assert f">{verdict}</h1>" in told(*jobs)


def test_rows_that_could_be_markup_are_escaped() -> None:
    hostile = '"><script>alert(1)</script>'
    job = entry(
        "orders",
        "fail",
        message=hostile,
        checks=[check(hostile, "fail", sample=[json.dumps({hostile: hostile})])],
    )

    assert "<script" not in told(job)


def test_the_page_names_no_address() -> None:
    text = told(ORDERS, STORES)

    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text


@pytest.mark.parametrize(
    ("failing", "evaluated", "share"),
    [
        (1, 2, "50.00 %"),
        (1, 10_000_000, "&lt; 0.01 %"),
        (9_999_999, 10_000_000, "&gt; 99.99 %"),
        (3, 3, "100 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(failing: int, evaluated: int, share: str) -> None:
    job = entry("orders", "fail", checks=[check("c", "fail", failing=failing, evaluated=evaluated)])

    assert share in told(job)


def test_a_run_that_is_made_again_later_shows_no_run_that_came_after_it(tmp_path: Path) -> None:
    first = kept(tmp_path, record(STORES, run_id="first", day=1))
    kept(tmp_path, record(STORES, run_id="second", day=2))

    text = write_report(first).read_text(encoding="utf-8")

    assert "first: no-op" in text
    assert "second" not in text


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"metadata": {}}',
        json.dumps(record({"unique_id": "job.shop.a"})),
        json.dumps(record(entry("a", "odd"))),
    ],
)
def test_a_damaged_record_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "run_results.json").write_text(content, encoding="utf-8")

    with pytest.raises(UsageError, match="is not as a run writes it"):
        write_report(tmp_path)

    assert not (tmp_path / "report.html").exists()


def test_a_killed_run_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No results are recorded"):
        write_report(tmp_path)


PROJECT = {
    "conf/sparkjobs.yml": "name: shop\njobs: [jobs]\npaths: {artifacts: target}\n",
    "conf/sources.yml": "{}\n",
}


def test_the_verb_writes_the_report_of_the_last_run_or_of_the_one_that_is_named(tmp_path: Path) -> None:
    lay_out(tmp_path, PROJECT)
    runs = tmp_path / "target/runs"
    old, new = kept(runs, record(STORES, run_id="old", day=1)), kept(runs, record(STORES))
    os.utime(old / "run_results.json", (0, 0))

    last = CliRunner().invoke(cli, ["report", "--project", str(tmp_path)])
    named = CliRunner().invoke(cli, ["report", "--project", str(tmp_path), "old"])

    assert last.output.endswith(f"target/runs/{RUN}/report.html\n")
    assert named.output.endswith("target/runs/old/report.html\n")
    assert (new / "report.html").exists()
    assert (old / "report.html").exists()


def test_the_verb_stays_among_the_runs(tmp_path: Path) -> None:
    lay_out(tmp_path, PROJECT)
    kept(tmp_path, record(STORES, run_id="outside"))

    done = CliRunner().invoke(cli, ["report", "--project", str(tmp_path), "../../outside"])

    assert isinstance(done.exception, UsageError)
    assert not (tmp_path / "outside/report.html").exists()

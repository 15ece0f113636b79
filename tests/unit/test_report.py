"""What the report of a run says, without a browser."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from sparkjobs.cli import cli
from sparkjobs.cli.running import _reported
from sparkjobs.errors import UsageError
from sparkjobs.report import page, write_report
from sparkjobs.results import PastRun
from tests.projects import lay_out
from tests.recorded import ORDERS, RUN, SMALL_FILES, STORES, check, entry, kept, record


def told(*jobs: dict[str, object]) -> str:
    return page(record(*jobs), {})


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (["success"], "1 job published"),
        (["success", "success", "no-op"], "2 jobs published, 1 up to date"),
        (["no-op", "no-op"], "2 jobs up to date, nothing to do"),
        (["success", "error"], "1 of 2 jobs failed"),
        (["fail", "skipped", "skipped", "no-op"], "1 of 4 jobs failed, 2 skipped"),
        (["skipped", "success"], "1 of 2 jobs skipped"),
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


def test_a_check_that_could_not_be_asked_is_a_warning_where_it_does_not_block() -> None:
    unasked = check("fresh(at)", "error", severity="warn", observed="there is no column 'at'")

    text = told(entry("orders", checks=[unasked]))

    assert "1 job published" in text
    assert "<h2>Warnings</h2>" in text
    assert text.index("there is no column") < text.index("<h2>Jobs</h2>")


def test_a_failed_job_tells_what_blocked_it_before_what_it_only_warns_of() -> None:
    checks = [check("soft", "warn"), check("hard", "fail")]

    text = told(entry("orders", "fail", checks=checks))

    order = ["<h2>What failed</h2>", "hard", "<h2>Warnings</h2>", "soft", "<h2>Jobs</h2>"]
    assert sorted(order, key=text.index) == order


def test_a_sample_is_told_to_the_digit() -> None:
    sample = ['{"n":123456789012345678.123456789,"d":0.10,"b":true,"x":{"y":null}}', '{"d":null}']

    text = told(entry("orders", "fail", checks=[check("c", "fail", sample=sample)]))

    cells = ["123456789012345678.123456789", "0.10", "true", "{&#34;y&#34;: null}", "<i>null</i>"]
    assert [one for one in cells if f"<td>{one}</td>" not in text] == []


@pytest.mark.parametrize("sample", ['{"id":1********}', "[1]", "7"])
def test_a_sample_that_is_no_row_is_told_as_it_stands(sample: str) -> None:
    text = told(entry("orders", "fail", checks=[check("c", "fail", sample=['{"id":1}', sample])]))

    assert f"<td>{sample}</td>" in text.replace("&#34;", '"')


def test_a_ledger_that_does_not_add_up_is_marked() -> None:
    off = {"orders": {"read": 10, "valid": 8, "quarantined": 1}}

    assert "rows are missing, or counted twice" in told(entry("orders", "error", ledger=off))
    assert "rows are missing" not in told(ORDERS)


def test_advice_is_told_with_its_remedy_and_before_the_job_is_opened() -> None:
    text = told(ORDERS, STORES)

    assert text.count(", advice on small files</span>") == 1
    assert text.count("<h4>Advice</h4>") == 1
    assert (
        f"<dt>small files</dt><dd>{SMALL_FILES['text']}<small>{SMALL_FILES['remedy']}</small></dd>"
    ) in text


def test_a_record_from_before_there_was_advice_has_a_page() -> None:
    assert "Advice" not in told({key: value for key, value in ORDERS.items() if key != "advice"})


def test_what_earlier_runs_are_called_is_escaped_too() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    hostile = PastRun("stores", '"><script>', moment, '"><script>', None, 0, 0, 1, 1.0, None, ())

    assert "<script" not in page(record(STORES), {"stores": (hostile,)})


def test_a_run_that_is_made_again_later_shows_no_run_that_came_after_it(tmp_path: Path) -> None:
    first = kept(tmp_path, record(STORES, run_id="first", day=1))
    kept(tmp_path, record(STORES, run_id="second", day=2))

    text = write_report(first).read_text(encoding="utf-8")

    assert "first: no-op" in text
    assert "second" not in text


def test_an_old_run_that_is_made_again_has_the_history_it_had(tmp_path: Path) -> None:
    folders = [
        kept(tmp_path, record(STORES, run_id=f"run{place:02}", day=1 + place % 28)) for place in range(40)
    ]
    for place, folder in enumerate(folders):
        os.utime(folder / "run_results.json", (place, place))

    text = write_report(folders[3]).read_text(encoding="utf-8")

    assert [f"run{place:02}: no-op" in text for place in (0, 3, 4)] == [True, True, False]


DAMAGED = [
    '"execution_time": Infinity',
    f'"execution_time": 1{"0" * 400}',
    f'"published": 1{"0" * 400}',
    '"status": "\\ud800"',
]


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_record_of_another_run_does_not_take_the_page_away(tmp_path: Path, damage: str) -> None:
    other = kept(tmp_path, record(STORES, run_id="other", day=1)) / "run_results.json"
    key = damage.partition(":")[0]
    content = json.dumps({**record(STORES, run_id="other", day=1)["results"][0]})
    start = content.index(key)
    damaged = content[:start] + damage + content[content.index(",", start) :]
    text = json.dumps(record(run_id="other", day=1)).replace('"results": []', f'"results": [{damaged}]')
    other.write_text(text, encoding="utf-8")

    shown = write_report(kept(tmp_path, record(STORES))).read_text(encoding="utf-8")

    assert "up to date, nothing to do" in shown
    assert "other" not in shown


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        json.dumps(record(entry("a", execution_time=float("inf")))),
        json.dumps(record(STORES)).replace("2026-01-05T03:00:00+00:00", "0001-01-01T00:00:00+14:00"),
        json.dumps(record(STORES)).replace('"schema_version": 1', '"schema_version": 99'),
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

    with pytest.raises(UsageError, match="is not as this version writes it"):
        write_report(tmp_path)

    assert not (tmp_path / "report.html").exists()


def test_a_killed_run_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="A run that was killed leaves no results"):
        write_report(tmp_path)


def test_a_run_stands_without_its_report(tmp_path: Path) -> None:
    (kept(tmp_path, record(STORES)) / "report.html").mkdir()

    assert _reported(tmp_path / RUN).startswith("\nno report was written: ")
    assert "Is a directory" in _reported(tmp_path / RUN)


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

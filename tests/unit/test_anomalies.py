"""A result is compared with the profiles of earlier ones; expected bounds are worked out by hand."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sparkjobs.checks import Finding, History
from sparkjobs.plan import PlannedCheck, as_text
from sparkjobs.quality import blocks, history_of
from sparkjobs.quality.verdict import found
from sparkjobs.results import ColumnProfile, PastRun, Profile, Staged, StagedFile
from tests.checks import checks_of, registry
from tests.unit.projects import plan_of, project

THURSDAY = datetime(2026, 1, 1, tzinfo=UTC)
_EXAMPLE = re.compile(
    r" *(?P<verdict>green|red): +(?P<arguments>\{.*\}) after (?P<past>.*) comes (?P<now>.*)"
)
EXAMPLES = [
    (name, told["verdict"], told["arguments"], told["past"], told["now"])
    for name, check in sorted(registry().checks.items())
    for line in check.description.splitlines()
    if (told := _EXAMPLE.fullmatch(line))
]
WEEK = (90, 110, 90, 110, 90, 110, 100)


def _rows(count: int, columns: tuple[tuple[str, ColumnProfile], ...] = ()) -> Profile:
    return Profile(count, 10 * count, columns)


def _column(kind: str, nulls: int | None, low: int | str | None, high: int | str | None) -> Profile:
    """One of 1,000 rows, of a column a."""
    return _rows(1000, (("a", ColumnProfile(kind, nulls, low, high)),))


def _past(*profiles: Profile | None, every: timedelta = timedelta(1)) -> tuple[PastRun, ...]:
    """A run with each of `profiles`, the last of them `every` before now."""
    return tuple(
        PastRun(
            "daily",
            f"run{place}",
            THURSDAY - every * (len(profiles) - place),
            "success",
            "whole",
            0,
            0,
            0,
            1.0,
            one,
            (),
        )
        for place, one in enumerate(profiles)
    )


def _check(arguments: str) -> PlannedCheck:
    (check,) = checks_of(f"anomaly: {arguments}")
    return check


def _asked(arguments: str, now: Profile, past: tuple[PastRun, ...]) -> Finding:
    check = _check(arguments)
    finding: Finding = check.function.function(History(THURSDAY, now, past), **check.arguments)
    return finding


@pytest.mark.parametrize(("name", "verdict", "arguments", "past", "now"), EXAMPLES)
def test_an_example_is_as_its_docstring_says(
    name: str, verdict: str, arguments: str, past: str, now: str
) -> None:
    assert name == "anomaly"
    finding = _asked(arguments, _rows(int(now)), _past(*(_rows(int(one)) for one in past.split(", "))))
    assert (finding.holds, finding.learning) == ({"green": True, "red": False}[verdict], False)


def test_every_example_of_a_check_of_history_is_found() -> None:
    told = [
        line.split()[:1]
        for check in registry().checks.values()
        if "history" in check.given
        for line in check.description.splitlines()
    ]
    assert len(EXAMPLES) == sum(words in (["green:"], ["red:"]) for words in told) == 7


@pytest.mark.parametrize(
    ("arguments", "now", "observed"),
    [
        ("{of: row_count, max_change: 0.5}", 150, "150, wanted 50 to 150 (max_change 0.5 from 100)"),
        (
            "{of: row_count, max_absolute_change: 0}",
            100,
            "100, wanted exactly 100 (max_absolute_change 0 from 100)",
        ),
        (
            "{of: row_count, max_deviation: 3}",
            145,
            "145, wanted 55.522 to 144.478 (max_deviation 3 around 100)",
        ),
        (
            "{of: bytes, max: 1000, max_change: 0}",
            100,
            "1,000, wanted at most 1,000; exactly 1,000 (max_change 0 from 1,000)",
        ),
        (
            "{of: row_count, min: 1, max_change: 0.5}",
            0,
            "0, wanted at least 1; 50 to 150 (max_change 0.5 from 100)",
        ),
    ],
)
def test_what_was_observed_tells_the_bounds_that_decided(arguments: str, now: int, observed: str) -> None:
    assert _asked(arguments, _rows(now), _past(*map(_rows, WEEK))).observed == observed


def test_with_fewer_runs_than_wanted_a_check_learns_and_blocks_nothing() -> None:
    check = _check("{of: row_count, max_change: 0.5}")

    finding = _asked("{of: row_count, max_change: 0.5}", _rows(10_000), _past(*map(_rows, WEEK[:6])))
    result = found(check, finding, "history")

    assert (result.status, result.source) == ("learning", "history")
    assert result.observed == "10,000; 6 of 7 runs to compare with"
    assert not blocks(result)


def test_a_first_run_learns() -> None:
    assert _asked("{of: row_count, max_deviation: 3}", _rows(0), ()).learning


def test_a_bound_that_needs_no_history_does_not_wait_for_it() -> None:
    short = _past(*map(_rows, WEEK[:2]))

    assert _asked("{of: row_count, max: 99}", _rows(99), ()) == Finding(
        holds=True, observed="99, wanted at most 99"
    )
    assert _asked("{of: row_count, max: 99, max_change: 1}", _rows(100), short) == Finding(
        holds=False, observed="100, wanted at most 99"
    )
    assert _asked("{of: row_count, max: 99, max_change: 1}", _rows(99), short).learning


def test_min_runs_says_how_many_runs_are_enough() -> None:
    arguments = "{of: row_count, max_change: 0.5, min_runs: 1}"

    assert _asked(arguments, _rows(151), _past(_rows(100))).holds is False
    assert _asked(arguments, _rows(151), ()).learning


@pytest.mark.parametrize(("now", "holds"), [(1010, True), (1011, False), (990, True), (989, False)])
def test_of_a_constant_history_one_hundredth_is_one_deviation(now: int, *, holds: bool) -> None:
    past = _past(*[_rows(1000)] * 7)

    assert _asked("{of: row_count, max_deviation: 1}", _rows(now), past).holds is holds


@pytest.mark.parametrize(
    ("of", "kind", "past", "now", "holds"),
    [
        ("null_share", "string", (0, None, None), (3, None, None), True),
        ("null_share", "string", (0, None, None), (4, None, None), False),
        ("minimum", "integer", (0, 0, 9), (0, -3, 9), True),
        ("minimum", "integer", (0, 0, 9), (0, -4, 9), False),
        ("maximum", "decimal(9,2)", (0, "0.00", "0.00"), (0, "0.00", "0.03"), True),
        ("maximum", "decimal(9,2)", (0, "0.00", "0.00"), (0, "0.00", "0.04"), False),
    ],
)
def test_of_a_history_of_zeros_the_least_step_is_one_deviation(
    of: str, kind: str, past: tuple[int, None, None], now: tuple[int, None, None], *, holds: bool
) -> None:
    finding = _asked(
        f"{{of: {of}, column: a, max_deviation: 3}}", _column(kind, *now), _past(*[_column(kind, *past)] * 7)
    )

    assert finding.holds is holds


def test_one_wild_run_among_many_moves_the_deviation_little() -> None:
    past = _past(*map(_rows, (100, 102, 98, 1_000_000, 101, 99, 100)))

    assert not _asked("{of: row_count, max_deviation: 3}", _rows(110), past).holds


def test_a_change_from_nothing_is_no_share_of_it() -> None:
    past = _past(*[_rows(0)] * 7)

    assert not _asked("{of: row_count, max_change: 100}", _rows(1), past).holds
    assert _asked("{of: row_count, max_change: 0}", _rows(0), past).holds


def test_three_tenths_are_exactly_three_tenths() -> None:
    assert _asked("{of: row_count, max_change: 0.3, min_runs: 1}", _rows(39), _past(_rows(30))).holds


@pytest.mark.parametrize(("season", "holds"), [("day_of_week", True), ("day_of_month", None), (None, False)])
def test_with_a_season_only_its_runs_are_compared(season: str | None, *, holds: bool | None) -> None:
    """Seven weeks: 1,000 rows each Thursday, 100 on other days. The first of a month was one of them."""
    rows = (_rows(1000 if place % 7 == 0 else 100) for place in range(49))
    told = f", season: {season}" if season else ""

    finding = _asked(f"{{of: row_count, max_deviation: 3{told}}}", _rows(1000), _past(*rows))

    assert (None if finding.learning else finding.holds) is holds


def test_the_last_run_of_a_season_is_a_week_or_a_month_ago() -> None:
    week = _past(*map(_rows, (1, 500, 2, 3, 4, 5, 6, 7)))
    years = _past(*map(_rows, (300, 400)), every=timedelta(31))

    assert _asked("{of: row_count, max_change: 0, season: day_of_week, min_runs: 1}", _rows(500), week).holds
    assert _asked(
        "{of: row_count, max_change: 0, season: day_of_month, min_runs: 1}", _rows(400), years
    ).holds


def test_a_run_that_tells_no_value_is_not_compared_with() -> None:
    empty = Profile(0, 0, (("a", ColumnProfile("integer", 0, None, None)),))
    past = _past(empty, *[_column("integer", 0, 1, 5)] * 2)

    finding = _asked(
        "{of: maximum, column: a, max_change: 0, min_runs: 3}", _column("integer", 0, 1, 5), past
    )

    assert finding.observed == "5; 2 of 3 runs to compare with"


def test_a_bound_that_was_scrubbed_is_not_compared_with() -> None:
    past = _past(_column("decimal(9,2)", 0, "********.50", "1.00"))

    assert _asked(
        "{of: minimum, column: a, max_change: 0, min_runs: 1}", _column("decimal(9,2)", 0, "1", "1"), past
    ).learning


@pytest.mark.parametrize(
    ("of", "profile", "why"),
    [
        ("null_share", _rows(1), "there is no column 'a'"),
        ("null_share", _column("struct", None, None, None), "the footers do not tell the null_share of 'a'"),
        (
            "minimum",
            _column("double", 0, None, None),
            "'a' is double; minimum is told of whole numbers and decimals",
        ),
        (
            "maximum",
            _column("string", 0, "a", "b"),
            "'a' is string; maximum is told of whole numbers and decimals",
        ),
        ("maximum", _column("integer", 999, None, None), "the footers do not tell the maximum of 'a'"),
    ],
)
def test_what_footers_do_not_tell_cannot_be_asked(of: str, profile: Profile, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        _asked(f"{{of: {of}, column: a, max_change: 1}}", profile, ())


def test_no_rows_have_no_share_and_no_bounds() -> None:
    empty = Profile(0, 0, (("a", ColumnProfile("integer", 0, None, None)),))
    nulls = _column("integer", 1000, None, None)

    assert _asked("{of: null_share, column: a, max: 1}", empty, ()) == Finding(
        holds=False, observed="no rows to evaluate"
    )
    assert _asked("{of: minimum, column: a, min: 1}", nulls, ()) == Finding(
        holds=False, observed="no rows to evaluate"
    )
    assert _asked("{of: null_share, column: a, max: 1}", nulls, ()) == Finding(
        holds=True, observed="1, wanted at most 1"
    )


FIELD = {"name": "a", "type": "integer"}


def _staged(*fields: dict[str, str]) -> Staged:
    file = StagedFile("part-0.parquet", 50, 0, 5, (), "{}")
    return Staged(Path(), json.dumps({"type": "struct", "fields": list(fields)}), (), (file,), ())


def _of(status: str, kind: str | None, published: int | None, *columns: tuple[str, str]) -> PastRun:
    profile = Profile(1, 1, tuple((name, ColumnProfile(kind, 0, 1, 1)) for name, kind in columns))
    return PastRun("daily", "run", THURSDAY, status, kind, 0, 0, published, 1.0, profile, ())


@pytest.mark.parametrize(
    ("run", "compared"),
    [
        (_of("success", "append", 1, ("a", "integer")), True),
        (_of("success", "append", 0, ("a", "integer")), True),
        (_of("fail", "append", None, ("a", "integer")), False),
        (_of("error", "append", None, ("a", "integer")), False),
        (_of("no-op", None, None, ("a", "integer")), False),
        (_of("success", "whole", 1, ("a", "integer")), False),
        (_of("success", "append", 1, ("a", "long")), False),
        (_of("success", "append", 1, ("a", "integer"), ("b", "integer")), False),
        (_of("success", "append", 1), False),
        (PastRun("daily", "run", THURSDAY, "success", None, 0, 0, 1, 1.0, None, ()), False),
    ],
)
def test_a_result_is_compared_with_published_results_of_its_kind(run: PastRun, *, compared: bool) -> None:
    history = history_of(_staged(FIELD), "append", THURSDAY, (run,))

    assert history.baseline == ((run,) if compared else ())
    assert history.profile == Profile(5, 50, (("a", ColumnProfile("integer", None, None, None)),))


def test_the_order_of_columns_does_not_matter() -> None:
    run = _of("success", "append", 1, ("b", "string"), ("a", "integer"))

    assert history_of(
        _staged(FIELD, {"name": "b", "type": "string"}), "append", THURSDAY, (run,)
    ).baseline == (run,)


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ("{of: row_count, min: 1}", "anomaly(row_count)"),
        ("{of: null_share, column: a, max: 1}", "anomaly(null_share of a)"),
        ("{of: bytes, min: 1, name: small}", "small"),
    ],
)
def test_a_check_is_called_by_what_it_compares(entry: str, name: str) -> None:
    check = _check(entry)

    assert (check.name, check.source) == (name, "history")


def test_the_plan_tells_that_history_answers(tmp_path: Path) -> None:
    conf = (
        "inputs: {sales: {source: sales}}\nparams: {least: 1}\n"
        "output: {format: parquet, path: '${warehouse}/daily'}\n"
        "checks: [anomaly: {of: bytes, max_change: 1}, anomaly: {of: row_count, max_change: 1}]\n"
    )

    assert "  checks  history: anomaly x2\n" in as_text(
        plan_of(project(tmp_path, {"conf/jobs/daily.yml": conf}))
    )

"""Half-open UTC intervals."""

from datetime import UTC, datetime

import pytest

from sparkjobs.plan.intervals import Every, Interval, covers, extent_of, joined, whole


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]  # year, month, day and so on


def spans(start: datetime, end: datetime, every: Every) -> list[str]:
    return [str(one) for one in whole(start, end, every)]


@pytest.mark.parametrize(
    ("start", "end", "every", "found"),
    [
        (at(2012, 2, 28), at(2012, 3, 1), "day", ["2012-02-28 to 2012-02-29", "2012-02-29 to 2012-03-01"]),
        (at(2012, 11, 1), at(2013, 1, 31), "month", ["2012-11-01 to 2012-12-01", "2012-12-01 to 2013-01-01"]),
        (at(1969, 12, 31, 23), at(1970, 1, 1, 0, 59), "hour", ["1969-12-31T23:00Z to 1970-01-01"]),
        (
            at(2013, 3, 31, 0),
            at(2013, 3, 31, 3),
            "hour",
            [
                "2013-03-31 to 2013-03-31T01:00Z",
                "2013-03-31T01:00Z to 2013-03-31T02:00Z",
                "2013-03-31T02:00Z to 2013-03-31T03:00Z",
            ],
        ),
        (
            at(2013, 1, 1, 0, 30),
            at(2013, 1, 1, 2),
            "hour",
            ["2013-01-01 to 2013-01-01T01:00Z", "2013-01-01T01:00Z to 2013-01-01T02:00Z"],
        ),
        (at(2013, 1, 2), at(2013, 1, 2), "day", []),
        (at(2013, 1, 2), at(2013, 1, 2, 23, 59), "day", []),
    ],
)
def test_whole_intervals_up_to_an_instant(
    start: datetime, end: datetime, every: Every, found: list[str]
) -> None:
    assert spans(start, end, every) == found


def test_an_interval_is_never_empty_and_never_without_utc() -> None:
    with pytest.raises(ValueError, match="is no interval"):
        Interval(at(2013, 1, 1), at(2013, 1, 1))
    with pytest.raises(ValueError, match="is no interval"):
        Interval(datetime(2013, 1, 1), at(2013, 1, 2))  # noqa: DTZ001 (that is the mistake)


def test_joined_intervals_cover_what_lies_in_them_and_no_more() -> None:
    first, second, fourth = (Interval(at(2013, 1, day), at(2013, 1, day + 1)) for day in (1, 2, 4))

    published = joined([fourth, second, first])

    assert [str(one) for one in published] == ["2013-01-01 to 2013-01-03", "2013-01-04 to 2013-01-05"]
    assert covers(published, Interval(at(2013, 1, 1), at(2013, 1, 3)))
    assert not covers(published, Interval(at(2013, 1, 2), at(2013, 1, 5)))


@pytest.mark.parametrize(
    ("text", "extent"),
    [
        ("2013-02", Interval(at(2013, 2, 1), at(2013, 3, 1))),
        ("2013-01-31", Interval(at(2013, 1, 31), at(2013, 2, 1))),
        ("2013-01-31T05", Interval(at(2013, 1, 31, 5), at(2013, 1, 31, 6))),
        ("2013-01-31 05:00:00", Interval(at(2013, 1, 31, 5), at(2013, 1, 31, 6))),
        ("2013-01-31T05:00:00+02:00", Interval(at(2013, 1, 31, 3), at(2013, 1, 31, 4))),
        ("13", None),
        ("", None),
        ("AA", None),
    ],
)
def test_the_time_that_a_partition_names(text: str, extent: Interval | None) -> None:
    assert extent_of(text) == extent

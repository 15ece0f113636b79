"""That increments come to what one run over everything gives: the rules of merges and histories, without Spark.

The models say in a few lines what `publish/merge.py` and `publish/history.py` do in Spark;
tests/spark/test_scd2.py and test_merge.py hold those to the same folds.
"""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.folds import (
    Event,
    Run,
    Version,
    merged,
    random_runs,
    random_snapshots,
    snapshot_versions,
    versions,
)

MANY = settings(max_examples=2_500, deadline=None, derandomize=True, database=None)
EVENTS = st.builds(
    Event,
    st.integers(0, 1),
    st.integers(0, 5),
    st.sampled_from("UUD"),
    st.sampled_from("ab"),
    st.sampled_from("xy"),
)
RUNS = st.lists(st.lists(EVENTS, max_size=4, unique_by=lambda event: (event.key, event.at)), max_size=5)


class Merging:
    """A table, and the deletes of earlier runs."""

    def __init__(self) -> None:
        self.rows: dict[int, Event] = {}
        self.buried: dict[int, int] = {}

    def take(self, run: Run) -> None:
        for key in {event.key for event in run}:
            event = max((one for one in run if one.key == key), key=lambda one: one.at)
            live = self.rows.get(key)
            if (live and live.at > event.at) or self.buried.get(key, -1) > event.at:
                continue
            self.rows.pop(key, None)
            if event.op == "D":
                self.buried[key] = event.at
            else:
                self.rows[key] = event


class History:
    """A table, and the events that it does not show."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], Version] = {}
        self.unseen: dict[tuple[int, int], Event] = {}

    def take(self, run: Run) -> None:
        low = min((event.at for event in run), default=0)
        for key in {event.key for event in run}:
            live = [
                one
                for one in self.rows.values()
                if one.event.key == key and (one.valid_to is None or one.valid_to >= low)
            ]
            events = {at: event for (owner, at), event in self.unseen.items() if owner == key and at >= low}
            events |= {one.valid_from: one.event for one in live}
            events |= {event.at: event for event in run if event.key == key}
            visible = self._visible(events)
            for one in live:
                del self.rows[key, one.valid_from]
            for event, following in zip(visible, [*visible[1:], None], strict=False):
                if event.op == "U":
                    until = following.at if following else None
                    self.rows[key, event.at] = Version(event, event.at, until)
            shown = {event.at for event in visible if event.op == "U"}
            self.unseen |= {(key, at): event for at, event in events.items() if at not in shown}

    def _visible(self, events: dict[int, Event]) -> list[Event]:
        visible, state = [], None
        for at in sorted(events):
            now = events[at].value if events[at].op == "U" else None
            if now != state:
                visible.append(events[at])
            state = now
        return visible


class Snapshots:
    """A table whose versions end where a snapshot lacks their key."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], Version] = {}

    def take(self, run: Run) -> None:
        taken = sorted({event.at for event in run})
        if not taken:
            return
        reaching = {
            place: one for place, one in self.rows.items() if one.valid_to is None or one.valid_to >= taken[0]
        }
        for key in {event.key for event in run} | {key for key, _ in reaching}:
            events = {
                at: one.event for (owner, at), one in reaching.items() if owner == key and at < taken[0]
            }
            came = {event.at: event for event in run if event.key == key}
            gone = Event(key, 0, "D", "", "")
            events |= {at: came.get(at, gone) for at in taken}
            state, opened = None, None
            for at in [at for owner, at in reaching if owner == key]:
                del self.rows[key, at]
            for at, event in sorted(events.items()):
                now = event.value if event.op == "U" else None
                if now != state:
                    if opened is not None:
                        self.rows[key, opened] = self.rows[key, opened]._replace(valid_to=at)
                    opened = None if now is None else at
                    if now is not None:
                        self.rows[key, at] = Version(event, at, None)
                state = now


@MANY
@given(RUNS)
def test_a_merge_in_runs_comes_to_what_holds_of_all_events(runs: list[list[Event]]) -> None:
    model = Merging()
    for number, run in enumerate(runs):
        model.take(run)
        assert model.rows == merged(runs[: number + 1])


@MANY
@given(RUNS)
def test_a_history_in_runs_is_the_history_of_all_events(runs: list[list[Event]]) -> None:
    model = History()
    for number, run in enumerate(runs):
        model.take(run)
        assert set(model.rows.values()) == versions(runs[: number + 1])


def test_snapshots_in_runs_are_the_history_of_all_snapshots() -> None:
    for seed in range(2_500):
        runs, model = random_snapshots(Random(seed), 4), Snapshots()  # noqa: S311 (no secret)
        for number, run in enumerate(runs):
            model.take(run)
            assert set(model.rows.values()) == snapshot_versions(runs[: number + 1]), seed


def test_the_random_runs_hold_what_is_hard() -> None:
    every = [random_runs(Random(seed), 4) for seed in range(200)]  # noqa: S311 (no secret)
    late = deleted = repeated = corrected = 0
    for runs in every:
        seen: dict[tuple[int, int], Event] = {}
        for run in runs:
            late += any(event.at < max((at for _, at in seen), default=0) for event in run)
            deleted += any(event.op == "D" for event in run)
            repeated += len(set(run)) < len(run)
            corrected += any(seen.get((event.key, event.at), event) != event for event in run)
            seen |= {(event.key, event.at): event for event in run}
    assert min(late, deleted, repeated, corrected) > 100


HISTORIES: list[tuple[str, list[Run], set[Version]]] = [
    (
        "one event opens a version",
        [[Event(1, 3, "U", "a", "x")]],
        {Version(Event(1, 3, "U", "a", "x"), 3, None)},
    ),
    (
        "a late event divides a version",
        [[Event(1, 1, "U", "a", "x"), Event(1, 5, "U", "a", "x")], [Event(1, 3, "U", "b", "x")]],
        {
            Version(Event(1, 1, "U", "a", "x"), 1, 3),
            Version(Event(1, 3, "U", "b", "x"), 3, 5),
            Version(Event(1, 5, "U", "a", "x"), 5, None),
        },
    ),
    (
        "a late delete makes a repeat visible",
        [[Event(1, 1, "U", "a", "x"), Event(1, 5, "U", "a", "y")], [Event(1, 3, "D", "", "")]],
        {Version(Event(1, 1, "U", "a", "x"), 1, 3), Version(Event(1, 5, "U", "a", "y"), 5, None)},
    ),
    ("a delete of nothing leaves nothing", [[Event(1, 1, "D", "", "")]], set()),
]


@pytest.mark.parametrize(
    ("runs", "expected"), [case[1:] for case in HISTORIES], ids=[case[0] for case in HISTORIES]
)
def test_the_fold_itself(runs: list[Run], expected: set[Version]) -> None:
    assert versions(runs) == expected

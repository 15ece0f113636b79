"""What merges and histories must come to: folds over every event of every run, one key at a time."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple


class Event(NamedTuple):
    """A row of a result: since `at`, `key` has `value`; or it is gone."""

    key: int
    at: int
    op: str
    value: str
    note: str
    """Not tracked."""


class Version(NamedTuple):
    """A row of a history."""

    event: Event
    valid_from: int
    valid_to: int | None


Run = Sequence[Event]


def merged(runs: Iterable[Run]) -> dict[int, Event]:
    """The rows by key: the highest order holds, of equal ones the last to come; a delete leaves none."""
    holds: dict[int, Event] = {}
    for run in runs:
        for event in run:
            if event.key not in holds or event.at >= holds[event.key].at:
                holds[event.key] = event
    return {key: event for key, event in holds.items() if event.op == "U"}


def latest(runs: Iterable[Run]) -> list[Event]:
    """Every event of `runs`, in the form that came last."""
    return list({(event.key, event.at): event for run in runs for event in run}.values())


def versions(runs: Iterable[Run]) -> set[Version]:
    """The history of every key: its events in order, each in the form that came last."""
    events = sorted(latest(runs))
    found: set[Version] = set()
    for key in {event.key for event in events}:
        found |= _history([event for event in events if event.key == key])
    return found


def snapshot_versions(runs: Iterable[Run]) -> set[Version]:
    """The history of every key when each `at` is a snapshot of all keys, in the form that came last."""
    snapshots: dict[int, dict[int, Event]] = {}
    for run in runs:
        snapshots |= {at: {event.key: event for event in run if event.at == at} for _, at, *_ in run}
    found: set[Version] = set()
    for key in {key for one in snapshots.values() for key in one}:
        gone = Event(key, 0, "D", "", "")
        found |= _history([snapshots[at].get(key, gone._replace(at=at)) for at in sorted(snapshots)])
    return found


def _history(events: Sequence[Event]) -> set[Version]:
    found: set[Version] = set()
    opened: Event | None = None
    for event in events:
        if opened and (event.op == "D" or event.value != opened.value):
            found.add(Version(opened, opened.at, event.at))
            opened = None
        if opened is None and event.op == "U":
            opened = event
    if opened:
        found.add(Version(opened, opened.at, None))
    return found


def random_runs(random: Random, runs: int) -> list[list[Event]]:
    """Runs of one history: late, repeated, corrected and deleted events, none of them tied."""
    return [_random_run(random) for _ in range(runs)]


def _random_run(random: Random) -> list[Event]:
    events = {}
    for _ in range(random.randrange(5)):
        key, at = random.randrange(2), random.randrange(8)
        op = "D" if random.random() < 0.3 else "U"
        events[key, at] = Event(key, at, op, random.choice("ab"), random.choice("xy"))
    repeated = [event for event in events.values() if random.random() < 0.2]
    rows = [*events.values(), *repeated]
    random.shuffle(rows)
    return rows


def random_snapshots(random: Random, runs: int, keys: int = 3) -> list[list[Event]]:
    """Runs of whole snapshots in order; the newest may come again in another form."""
    found, newest = [], 0
    for _ in range(runs):
        times = sorted(random.sample(range(newest, newest + 4), random.randrange(3)))
        found.append(
            [
                Event(key, at, "U", random.choice("ab"), random.choice("xy"))
                for at in times
                for key in range(keys)
                if random.random() < 0.6
            ]
        )
        newest = max([newest, *(event.at for event in found[-1])])
    return found

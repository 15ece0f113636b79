"""The commit protocol as a model: every interleaving of three writers and of every crash, by brute force.

Writers plan without the lock, take it, and do what `flow._flow` does to one table; beside each step stands
the function of src it stands for. What nobody else can see, such as a temporary file, belongs to the step
that shows it. A kill ends one process: its lock is free, its writes stay. A power cut ends all, and each
write that was not synced may be there afterwards or not. A pause takes a writer's lock away, and gives it
back when nobody has it: a machine that was suspended while others ran.

The model tells which safeguards are needed, and that they are enough. That src has them is for the other
tests to show, which kill real processes.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, Literal, NamedTuple

import pytest

Format = Literal["parquet append", "parquet overwrite", "delta append"]
HALVES = (0, 1)
"""Each piece of work is two files, so that half of it can be seen."""
Key = tuple[Any, ...]

SAFEGUARDS = {
    "lock": "state.locked",
    "recover first": "outset.opened: recover",
    "look again": "outset.opened: StateMovedError",
    "fence": "attempt.fence",
    "fence sees journal": "parquet.commit_parquet: an unfinished commit counts",
    "complete": "attempt.complete",
    "one commit": "delta._commit_files: the number is in the entry of the log",
    "clear trash": "journal.publish: rmtree",
    "fsync trash": "journal.publish: the folder, before the journal is written",
    "fsync manifest": "durable.write_json of manifest.begin",
    "fsync staged": "stage._footers: the files",
    "fsync staged names": "stage._footers: the folders",
    "fsync journal": "durable.write_json of journal.publish: the file",
    "fsync journal's name": "durable.write_json of journal.publish: the folder, and journal.recover",
    "fsync found journal": "journal.recover: the folder, before the first move",
    "fsync found manifest": "manifest.begin: the folder, when the same work is taken up",
    "fsync moves": "journal.recover: the folders",
    "fsync record": "durable.write_json of journal.recover",
    "fsync log": "delta.commit_delta: the folder of the log, after the commit",
    "fsync found log": "delta.commit_delta: the same before it, for the last commit's sake",
}


class Entry(NamedTuple):
    """What is at one name; `whole` unless a power cut has torn it."""

    where: str
    content: Any
    whole: bool = True


Disk = tuple[tuple[Key, tuple[Entry | None, ...]], ...]
"""Per name what everybody finds there now, and after it what a power cut may leave there instead."""


class Writer(NamedTuple):
    """One process; `at` is the step that it does next, the rest is what it remembers."""

    work: str
    at: str = "plan"
    base: int = 0
    number: int = 0
    token: int = 0
    doing: tuple[int, int] = (0, 0)
    """The journal that it works off; of Delta the version of its handle."""
    then: str = ""
    paused: bool = False


class State(NamedTuple):
    """Everything that is, at one moment."""

    writers: tuple[Writer, ...]
    disk: Disk = ()
    lock: int | None = None
    crashes: int = 2
    pauses: int = 0
    tokens: int = 0


class StuckError(Exception):
    """Only a person can go on from here."""


class World:
    """A state taken apart, so that `me` can do one step."""

    def __init__(self, kind: Format, without: str, state: State, me: int) -> None:
        self.kind, self.without, self.state, self.me = kind, without, state, me
        self.disk = dict(state.disk)
        self.writer = state.writers[me]
        self.lock, self.tokens = state.lock, state.tokens

    def has(self, safeguard: str) -> bool:
        return safeguard != self.without

    def go(self, at: str, **changes: Any) -> None:  # noqa: ANN401 (the fields of a Writer)
        self.writer = self.writer._replace(at=at, **changes)

    def leave(self, at: str) -> None:
        """Give the lock back; nothing else that a process knows outlives this."""
        self.lock = None if self.lock == self.me else self.lock
        self.writer = Writer(self.writer.work, at)

    def result(self) -> State:
        writers = tuple(self.writer if i == self.me else one for i, one in enumerate(self.state.writers))
        disk = tuple(sorted(item for item in self.disk.items() if item[1] != (None,)))
        return self.state._replace(writers=writers, disk=disk, lock=self.lock, tokens=self.tokens)

    def now(self, *key: object) -> Entry | None:
        return self.disk.get(key, (None,))[0]

    def read(self, *key: Any) -> Any:  # noqa: ANN401
        entry = self.now(*key)
        if entry and not entry.whole:
            raise StuckError(f"{key} is torn")
        return entry.content if entry else None

    def put(self, key: Key, new: Entry | None, *, synced: bool = True) -> None:
        """Let `new` be at `key`: for everybody at once, after a power cut perhaps, and perhaps torn."""
        may_be = {new, *self.disk.get(key, (None,))}
        if new and not synced:
            may_be.add(new._replace(whole=False))
        self.disk[key] = (new, *sorted(may_be - {new}, key=str))

    def drop(self, key: Key) -> None:
        """Remove a dead attempt's file. If a power cut brings it back, nobody will ask for its name again."""
        self.disk[key] = (None,)

    def move(self, key: Key, where: str) -> None:
        """A rename takes along what is unsure of the content."""
        now, *others = self.disk[key]
        moved = {one._replace(where=where) for one in (now, *others) if one}
        new = (now or Entry(where, None))._replace(where=where)
        self.disk[key] = (new, *sorted({now, *others, *moved} - {new}, key=str))

    def sync(self, key: Key, *, content: bool = False, name: bool = False) -> None:
        now, *others = self.disk.get(key, (None,))
        if content:
            others = [one for one in others if one is None or one.whole]
        if name:
            others = [one for one in others if one and now and one[:2] == now[:2]]
        self.disk[key] = (now, *others)

    def files(self, where: str) -> list[tuple[Key, Entry]]:
        found = ((key, may_be[0]) for key, may_be in self.disk.items() if key[0] == "file")
        return [(key, entry) for key, entry in found if entry and entry.where == where]

    def mine(self) -> list[Key]:
        return [("file", self.writer.number, self.writer.token, half) for half in HALVES]

    def log(self) -> list[tuple[int, int]]:
        """Number and token of every commit to a Delta table."""
        entries = (self.now("log", version) for version in range(1, 20))
        return [entry.content for entry in entries if entry]

    def sync_log(self) -> None:
        for key in [key for key in self.disk if key[0] == "log"]:
            self.sync(key, name=True)

    def committed(self) -> int:  # state.look
        if self.kind != "delta append":
            journal = self.read("journal")
            return int(journal[0] if journal else self.read("committed") or 0)
        if self.has("one commit"):
            return max((number for number, _ in self.log()), default=0)
        return self.read("committed") or 0

    def chain(self, number: int) -> Iterator[str]:  # manifest.committed_chain
        while number:
            manifest = self.read("manifest", number)
            if manifest is None:
                raise StuckError(f"manifest {number} is lost")
            base, work = manifest
            yield work
            number = 0 if self.kind == "parquet overwrite" else base

    def rows(self) -> Counter[Any]:
        """What a reader of the table finds."""
        if self.kind != "delta append":
            found = [entry for _, entry in self.files("table")]
        else:
            keys = [("file", *commit, half) for commit in self.log() for half in HALVES]
            found = [self.now(*key) or Entry("", "a file that is gone") for key in keys]
        return Counter(entry.content if entry.whole else "a torn file" for entry in found)


# The steps. Each is atomic for everybody else.


def plan(world: World) -> None:  # plan.decide, without the lock
    committed = world.committed()
    if world.writer.work not in world.chain(committed):
        world.go("lock", base=committed)
    elif world.now("journal"):  # outset.finish
        world.go("lock", then="finished")
    else:
        world.go("up to date")


def lock(world: World) -> None:  # state.locked
    world.lock = world.me
    if world.writer.then == "finished":
        world.go("recover")
    else:
        parquet = world.kind != "delta append"
        world.go("recover" if parquet and world.has("recover first") else "look", then="look")


def recover(world: World) -> None:  # journal.recover
    journal = world.read("journal")
    world.go("sync found" if journal else world.writer.then, doing=journal or (0, 0))


def sync_found(world: World) -> None:  # journal.recover
    if world.has("fsync found journal") and world.has("fsync journal's name"):
        world.sync(("journal",), name=True)
    world.go(_next_move(world, 0))


def move_out(world: World, half: int) -> None:  # journal._make
    staged, target = _staged_and_target(world, half)
    if staged and target:
        if any(entry.content[1] == half for _, entry in world.files("trash")):
            raise StuckError("the trash holds that name")
        world.move(target, "trash")
    world.go(f"move in {half}")


def move_in(world: World, half: int) -> None:  # journal._make
    staged, target = _staged_and_target(world, half)
    if not staged and not target:
        raise StuckError(f"half {half} is neither there nor moved")
    if staged:
        world.move(staged, "table")
    world.go(_next_move(world, 1) if half == 0 else "sync moves")


def _next_move(world: World, half: int) -> str:
    """An appended file replaces none."""
    return f"move out {half}" if world.kind == "parquet overwrite" else f"move in {half}"


def _staged_and_target(world: World, half: int) -> tuple[Key | None, Key | None]:
    key = ("file", *world.writer.doing, half)
    here = world.now(*key)
    staged = key if here and here.where == "staged" else None
    if world.kind == "parquet append":  # no other file is ever called so
        return staged, key if here and here.where == "table" else None
    return staged, next((other for other, entry in world.files("table") if entry.content[1] == half), None)


def sync_moves(world: World) -> None:  # journal.recover
    if world.has("fsync moves"):
        for key in [key for key in world.disk if key[0] == "file"]:
            world.sync(key, name=True)
    world.go("record")


def record(world: World) -> None:  # durable.write_json in journal.recover; in Delta's case flow._close
    number = world.writer.doing[0] if world.kind != "delta append" else world.writer.number
    world.put(("committed",), Entry("here", number))
    world.go("sync record")


def sync_record(world: World) -> None:
    if world.has("fsync record"):
        world.sync(("committed",), name=True)
    world.go("unlink" if world.kind != "delta append" else "unlock")


def unlink(world: World) -> None:  # journal.recover
    world.put(("journal",), None)
    world.go("sync unlink")


def sync_unlink(world: World) -> None:  # journal.recover
    world.sync(("journal",), name=True)
    world.go("clean")


def clean(world: World) -> None:  # journal.recover: rmtree of trash and staging
    for key, _ in world.files("trash"):
        world.put(key, None)
    for key, _ in world.files("staged"):
        world.drop(key)
    world.go(world.writer.then, doing=(0, 0))


def look(world: World) -> None:  # outset.opened
    committed = world.committed()
    if world.has("look again") and committed != world.writer.base:
        world.leave("plan")
    else:
        world.go("sweep", base=committed)


def sweep(world: World) -> None:  # attempt.sweep
    for key, _ in world.files("staged"):
        if world.kind != "delta append" or key[1] > world.writer.base:
            world.drop(key)
    world.go("manifest")


def manifest(world: World) -> None:  # manifest.begin
    wanted = (world.writer.base, world.writer.work)
    last = max(
        (key[1] for key, may_be in world.disk.items() if key[0] == "manifest" and may_be[0]), default=0
    )
    if last > wanted[0] and world.read("manifest", last) == wanted:
        world.go("sync manifest" if world.has("fsync found manifest") else "stage", number=last)
        return
    number = max(wanted[0], last) + 1
    world.put(("manifest", number), Entry("here", wanted), synced=world.has("fsync manifest"))
    world.go("sync manifest", number=number)


def sync_manifest(world: World) -> None:  # durable.write_json
    if world.has("fsync manifest"):
        world.sync(("manifest", world.writer.number), name=True)
    world.go("stage")


def stage(world: World) -> None:  # stage.stage: Spark writes
    world.tokens += 1
    world.go("sync staged", token=world.tokens)
    for key in world.mine():
        world.put(key, Entry("staged", (world.writer.work, key[-1])), synced=False)


def sync_staged(world: World) -> None:  # stage._footers
    for key in world.mine():
        world.sync(key, content=world.has("fsync staged"), name=world.has("fsync staged names"))
    world.go("fence")


def fence(world: World) -> None:  # attempt.fence, with a fresh handle or the record
    recorded = world.kind != "delta append" and not world.has("fence sees journal")
    committed = world.read("committed") or 0 if recorded else world.committed()
    if world.has("fsync found log"):
        world.sync_log()
    if world.has("fence") and committed >= world.writer.number:
        world.leave("plan")
    else:
        world.go("complete", doing=(len(world.log()), 0))


def complete(world: World) -> None:  # attempt.complete
    if world.has("complete") and not all(world.now(*key) for key in world.mine()):
        world.leave("plan")
    else:
        world.go("log" if world.kind == "delta append" else "trash", doing=world.writer.doing)


def trash(world: World) -> None:  # journal.publish
    if world.has("clear trash"):
        for key, _ in world.files("trash"):
            world.put(key, None)
        gone = [key for key, (now, *_) in world.disk.items() if key[0] == "file" and now is None]
        for key in gone if world.has("fsync trash") else ():
            world.sync(key, name=True)
    world.go("journal")


def journal(world: World) -> None:  # journal.publish
    content = (world.writer.number, world.writer.token)
    world.put(("journal",), Entry("here", content), synced=world.has("fsync journal"))
    world.go("sync journal")


def sync_journal(world: World) -> None:  # durable.write_json
    if world.has("fsync journal's name"):
        world.sync(("journal",), name=True)
    world.go("recover", then="unlock")


def log(world: World) -> None:  # delta._commit_files: put if absent; a newer commit of ours is a conflict
    version = len(world.log())
    if version > world.writer.doing[0]:
        world.leave("plan")
        return
    world.put(("log", version + 1), Entry("here", (world.writer.number, world.writer.token)))
    world.go("sync log")


def sync_log(world: World) -> None:  # delta.commit_delta
    if world.has("fsync log"):
        world.sync_log()
    world.go("unlock" if world.has("one commit") else "record")


def finished(world: World) -> None:  # outset.finish
    world.leave("up to date")


def unlock(world: World) -> None:  # state.locked
    world.leave("done")


STEPS: dict[str, Callable[[World], None]] = {
    "plan": plan,
    "lock": lock,
    "recover": recover,
    "sync found": sync_found,
    "move out 0": lambda world: move_out(world, 0),
    "move in 0": lambda world: move_in(world, 0),
    "move out 1": lambda world: move_out(world, 1),
    "move in 1": lambda world: move_in(world, 1),
    "sync moves": sync_moves,
    "record": record,
    "sync record": sync_record,
    "unlink": unlink,
    "sync unlink": sync_unlink,
    "clean": clean,
    "look": look,
    "sweep": sweep,
    "manifest": manifest,
    "sync manifest": sync_manifest,
    "stage": stage,
    "sync staged": sync_staged,
    "fence": fence,
    "complete": complete,
    "trash": trash,
    "journal": journal,
    "sync journal": sync_journal,
    "log": log,
    "sync log": sync_log,
    "finished": finished,
    "unlock": unlock,
}
ENDS = ("done", "up to date")
PAUSABLE = frozenset({"look", "stage", "sync staged", "fence"})
"""Where a pause of hours falls: before anything is written, or while Spark runs."""
WORKING = frozenset(STEPS) - {"plan", "lock"}


def following(
    kind: Format, without: str, state: State, pausable: frozenset[str]
) -> Iterator[tuple[str, State]]:
    """Every state that can come next, each with what happened."""
    free = state.lock is None or without == "lock"
    for me, writer in enumerate(state.writers):
        world = World(kind, without, state, me)
        if writer.paused:
            if free:
                world.lock = me
                world.writer = writer._replace(paused=False)
                yield f"{me} comes back", world.result()
            continue
        if writer.at in STEPS and (free or writer.at != "lock"):
            STEPS[writer.at](world)
            yield f"{me} {writer.at}", world.result()
        if writer.at in WORKING and state.crashes:
            yield f"{me} is killed before {writer.at}", _killed(kind, without, state, me)
        if writer.at in pausable and state.pauses and state.lock == me:
            world = World(kind, without, state, me)
            world.lock, world.writer = None, writer._replace(paused=True)
            yield f"{me} pauses before {writer.at}", world.result()._replace(pauses=state.pauses - 1)
    if state.crashes and any(len(may_be) > 1 for _, may_be in state.disk):
        yield from _power_cut(kind, state)


def _killed(kind: Format, without: str, state: State, me: int) -> State:
    world = World(kind, without, state, me)
    world.leave("plan")
    return world.result()._replace(crashes=state.crashes - 1)


def _power_cut(kind: Format, state: State) -> Iterator[tuple[str, State]]:
    """Whoever has said that it committed stays done; one that only looked will look again."""
    writers = tuple(one if one.at == "done" else Writer(one.work) for one in state.writers)
    after = state._replace(writers=writers, lock=None, crashes=state.crashes - 1)
    for left in product(*(may_be for _, may_be in state.disk)):
        disk = zip((key for key, _ in state.disk), left, strict=True)
        after_all = tuple((key, (one,)) for key, one in disk if one)
        names = [_name(kind, key) for key, (one,) in after_all if one.where == "table"]
        if len(names) == len(set(names)):
            yield "power cut", after._replace(disk=after_all)


def _name(kind: Format, key: Key) -> Key:
    """What a file is called in the table: each has its own name, but a partition's folder has one for all."""
    return key[-1:] if kind == "parquet overwrite" else key


def wrong(kind: Format, without: str, state: State) -> str | None:
    """What a reader, or a person who has to help, would complain of."""
    world = World(kind, without, state, 0)
    if world.now("journal"):  # readers of Parquet may see half a commit meanwhile; the docs admit it
        return None
    works = list(world.chain(world.committed()))
    rows, expected = world.rows(), Counter((work, half) for work in works for half in HALVES)
    if rows != expected:
        return f"number {world.committed()} says {dict(expected)}, the table holds {dict(rows)}"
    if max(expected.values(), default=1) > 1:
        return f"doubled: {dict(rows)}"
    if all(one.at in ENDS for one in state.writers):
        wanted = {one.work for one in state.writers}
        if kind == "parquet overwrite":
            return None if set(works) <= wanted and works else "nothing is there"
        return None if set(works) == wanted else f"lost: {wanted - set(works)}"
    return None


class Found(NamedTuple):
    """How an exploration ended."""

    states: int
    wrong: str | None = None
    way: tuple[str, ...] = ()


def explore(
    kind: Format,
    works: str,
    without: str = "",
    *,
    crashes: int = 2,
    pauses: int = 0,
    pausable: frozenset[str] = PAUSABLE,
) -> Found:
    """Every state that writers who want `works` can reach; the first that is wrong, and the way to it."""
    assert without in {"", *SAFEGUARDS}
    start = State(tuple(map(Writer, works)), crashes=crashes, pauses=pauses)
    came: dict[State, tuple[State, str] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        try:
            complaint = wrong(kind, without, state)
            nexts = [] if complaint else list(following(kind, without, state, pausable))
        except StuckError as error:
            complaint = str(error)
        if not complaint and not nexts and any(one.at not in ENDS for one in state.writers):
            complaint = "nobody can go on"
        if complaint:
            return Found(len(came), complaint, _way(came, state))
        for label, other in nexts:
            after = _sorted(other)
            if after not in came:
                came[after] = (state, label)
                waiting.append(after)
    return Found(len(came))


def _sorted(state: State) -> State:
    """Which of two writers that want the same is the first makes no difference."""
    first, second, *others = state.writers
    if first.work != second.work or first <= second:
        return state
    lock = state.lock if state.lock is None else {0: 1, 1: 0}.get(state.lock, state.lock)
    return state._replace(writers=(second, first, *others), lock=lock)


def _way(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    steps = []
    while step := came[state]:
        state, label = step
        steps.append(label)
    return tuple(reversed(steps))


KINDS: tuple[Format, ...] = ("parquet append", "parquet overwrite", "delta append")


@pytest.mark.parametrize("kind", KINDS)
def test_three_writers_and_two_crashes_lose_nothing_and_double_nothing(kind: Format) -> None:
    found = explore(kind, "aab")

    assert (found.wrong, found.way) == (None, ())
    assert found.states > 10_000


@pytest.mark.parametrize("works", ["aa", "ab"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_writer_that_was_suspended_while_others_ran_publishes_nothing_wrong(
    kind: Format, works: str
) -> None:
    found = explore(kind, works, crashes=1, pauses=1)

    assert (found.wrong, found.way) == (None, ())


TAKEN_OUT: list[tuple[str, Format, str, int]] = [
    ("lock", "parquet append", "aa", 0),
    ("lock", "parquet overwrite", "aa", 0),
    ("lock", "delta append", "aa", 0),
    ("recover first", "parquet append", "ab", 0),
    ("recover first", "parquet overwrite", "ab", 0),
    ("look again", "parquet append", "aa", 0),
    ("look again", "delta append", "aa", 0),
    ("fence", "parquet append", "aa", 1),
    ("fence", "delta append", "aa", 1),
    ("fence sees journal", "parquet append", "aa", 1),
    ("complete", "parquet append", "aa", 1),
    ("complete", "parquet overwrite", "aa", 1),
    ("complete", "delta append", "aa", 1),
    ("one commit", "delta append", "aa", 0),
    ("clear trash", "parquet overwrite", "ab", 0),
    ("fsync trash", "parquet overwrite", "ab", 0),
    *[("fsync manifest", kind, "aa", 0) for kind in KINDS],
    *[("fsync found manifest", kind, "aa", 0) for kind in KINDS],
    *[("fsync staged", kind, "aa", 0) for kind in KINDS],
    *[("fsync staged names", kind, "aa", 0) for kind in KINDS],
    *[("fsync journal", kind, "aa", 0) for kind in KINDS[:2]],
    *[("fsync journal's name", kind, "aa", 0) for kind in KINDS[:2]],
    *[("fsync found journal", kind, "aa", 0) for kind in KINDS[:2]],
    *[("fsync moves", kind, "aa", 0) for kind in KINDS[:2]],
    *[("fsync record", kind, "aa", 0) for kind in KINDS[:2]],
    ("fsync log", "delta append", "aa", 0),
    ("fsync found log", "delta append", "ab", 0),
]


@pytest.mark.parametrize(("without", "kind", "works", "pauses"), TAKEN_OUT)
def test_without_one_safeguard_something_goes_wrong(
    without: str, kind: Format, works: str, pauses: int
) -> None:
    found = explore(kind, works, without, crashes=2 - pauses, pauses=pauses)

    assert found.wrong
    assert found.way


def test_every_safeguard_is_taken_out_once() -> None:
    assert {without for without, *_ in TAKEN_OUT} == set(SAFEGUARDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_that_is_lost_between_fence_and_commit_is_beyond_the_protocol(kind: Format) -> None:
    """Why the lock is the system's and ends with its process: nothing after the fence could replace it."""
    found = explore(kind, "ab", crashes=1, pauses=1, pausable=frozenset({"trash", "log"}))

    assert found.wrong

"""What a file of another tool asks for, and a table of how that is said in ours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sparkjobs.config.node import Plain

Arguments: TypeAlias = Mapping[str, Plain]


class NoEqualError(Exception):
    """What another tool asks for cannot be said with our checks; the text says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One entry of theirs: its name, its arguments, and in our words what every check takes."""

    name: str
    arguments: Arguments
    shared: Arguments = field(default_factory=dict)
    """Severity, condition, name and description; null where they say nothing."""
    variants: tuple[Arguments, ...] = ()
    """The arguments one by one, where an entry asks the same of several columns."""
    why_not: str = ""
    """Why it has no equal whatever its name means."""


@dataclass(frozen=True, slots=True)
class OtherTable:
    """A table of theirs that rows are compared with: here an input of the job."""

    name: str
    key: Literal["ref", "source"]
    """What conf says the input is."""
    theirs: str
    """How they call it."""
    remark: str = ""
    """What a reader has to make sure of."""


@dataclass(frozen=True, slots=True)
class Block:
    """What they ask of one table."""

    title: str
    entries: tuple[Asked, ...]
    itself: OtherTable | None = None
    """The table, as other tables name it."""


@dataclass(frozen=True, slots=True)
class Ours:
    """One check of ours."""

    kind: str
    arguments: Arguments
    other: OtherTable | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An entry that is being translated."""

    kinds: tuple[str, ...]
    theirs: Arguments
    ours: Arguments
    """The arguments that change nothing but their names."""
    filled: frozenset[str]
    """Columns of which the same suite says that they are never null."""


Change = Callable[[Given], Iterable[Ours]]


def as_it_is(given: Given) -> Iterable[Ours]:
    """The arguments of theirs under our names."""
    return [Ours(kind, given.ours) for kind in given.kinds]


@dataclass(frozen=True, slots=True)
class Rule:
    """How one of their names is said with our checks."""

    kinds: tuple[str, ...]
    keys: Mapping[str, str] = field(default_factory=dict)
    """Arguments of theirs with the names they have here."""
    fixed: Arguments = field(default_factory=dict)
    only: Arguments = field(default_factory=dict)
    """Arguments that cannot be said here, with the value under which nothing is left unsaid."""
    reads: tuple[str, ...] = ()
    """Arguments that `change` looks at."""
    change: Change = as_it_is

    def said(self, arguments: Arguments, filled: frozenset[str]) -> Iterable[Ours]:
        """The checks that ask the same.

        Raises:
            NoEqualError: there are none.
        """
        theirs = {key: value for key, value in arguments.items() if value is not None}
        for key, value in theirs.items():
            if key in self.only:
                if value != self.only[key]:
                    raise NoEqualError(f"{key!r} cannot be said here")
            elif key not in self.keys and key not in self.reads:
                raise NoEqualError(f"the argument {key!r} is not known here")
        named = {name: theirs[key] for key, name in self.keys.items() if key in theirs}
        return self.change(Given(self.kinds, theirs, {**named, **self.fixed}, filled))


@dataclass(frozen=True, slots=True)
class Table:
    """All names of a tool that are known here."""

    rules: Mapping[str, Rule]
    without: Mapping[str, str]
    """Names that have no equal, with the reason."""

    def translated(self, asked: Asked, filled: frozenset[str]) -> tuple[Ours, ...]:
        """The checks that together ask what one entry of theirs asks.

        Raises:
            NoEqualError: there are none.
        """
        if asked.why_not:
            raise NoEqualError(asked.why_not)
        if asked.name in self.without:
            raise NoEqualError(self.without[asked.name])
        rule = self.rules.get(asked.name)
        if rule is None:
            raise NoEqualError("the name is not known here")
        variants = asked.variants or (asked.arguments,)
        return tuple(ours for one in variants for ours in rule.said(one, filled))

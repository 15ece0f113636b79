"""What the page tells of a project, and of each source, view and job. Texts are as people wrote them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sparkjobs.lineage import Node, Origin, Place
from sparkjobs.results import PastRun

Status = Literal["success", "no-op", "fail", "error", "skipped", "never run", ""]
STATUSES: Final[tuple[Status, ...]] = ("fail", "error", "skipped", "success", "no-op", "never run")
"""Of jobs, in the order in which they are counted; sources and views have none."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, as far as somebody or something tells of it."""

    name: str
    type: str = ""
    unit: str = ""
    description: str = ""
    notes: tuple[str, ...] = ()
    """What its values must be, and what the table uses it for."""
    origins: tuple[Origin, ...] = ()
    uses: tuple[Place, ...] = ()
    """The columns that are made of it."""
    said_of: Place | None = None
    """The column whose unit and description these are, where it is handed on as it is; None for its own."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a result or a rule of a source, and what its last run saw."""

    name: str
    asks: str
    """Its arguments, as conf gives them."""
    severity: str
    description: str = ""
    status: str = ""
    observed: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Source text, and where it stands."""

    title: str
    language: Literal["python", "sql"]
    first_line: int
    text: str


@dataclass(frozen=True, slots=True)
class Input:
    """A table that is read, under which name, and what is said of it."""

    node: Node
    name: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """All that is told of one source, view or job."""

    node: Node
    status: Status = ""
    description: tuple[str, ...] = ()
    """Its paragraphs; the first begins with what people read in lists."""
    grain: str = ""
    tags: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    inputs: tuple[Input, ...] = ()
    readers: tuple[Node, ...] = ()
    upstream: tuple[Node, ...] = ()
    """All tables it is made of, those it reads left out."""
    downstream: tuple[Node, ...] = ()
    """All tables that are made of it, its readers left out."""
    columns: tuple[Column, ...] = ()
    rows: tuple[Origin, ...] = ()
    """The columns that decide which rows it has."""
    unknown: str = ""
    """Why it is not told what its columns are made of."""
    checks: tuple[Check, ...] = ()
    code: tuple[Code, ...] = ()
    runs: tuple[PastRun, ...] = ()
    """The newest last."""


@dataclass(frozen=True, slots=True)
class Site:
    """A project as its page tells of it."""

    project: str
    env: str | None
    made: datetime
    entries: tuple[Entry, ...]
    """Each after those that it reads."""
    edges: tuple[tuple[Node, Node], ...]
    """What is read, and by whom."""
    strange: tuple[str, ...] = ()
    """What lies among the records and could not be read."""

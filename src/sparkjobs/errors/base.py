"""The root, and what can be wrong before any job runs."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

UNTOUCHED = "Nothing was published; readers see what they saw before."


@dataclass(eq=False)
class SparkjobsError(Exception):
    """The root: its three sentences are templates over the fields of the class."""

    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False
    what: ClassVar[str] = ""
    state: ClassVar[str] = ""
    hint: ClassVar[str] = ""

    def __str__(self) -> str:
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        sentences = (self.what, self.state, self.hint)
        return "\n".join(text.format(**facts) for text in sentences if text)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple(getattr(self, field.name) for field in fields(self))


@dataclass(eq=False)
class UsageError(SparkjobsError):
    """The command line names something that does not exist."""

    problem: str
    suggestion: str

    exit_code = 2
    what = "{problem}"
    hint = "{suggestion}"


@dataclass(eq=False)
class SelectorError(SparkjobsError):
    """A selector is none, or names nothing."""

    problem: str
    suggestion: str

    exit_code = 2
    what = "{problem}"
    hint = "{suggestion}"


@dataclass(eq=False)
class ConfigError(SparkjobsError):
    """Every mistake that conf and job code hold, each with its place."""

    mistakes: tuple[str, ...]

    exit_code = 2

    def __str__(self) -> str:
        count = len(self.mistakes)
        noun = "mistake" if count == 1 else "mistakes"
        return "\n".join([*self.mistakes, f"{count} {noun} in the configuration; nothing was run."])


@dataclass(eq=False)
class SetupError(SparkjobsError):
    """The machine lacks something that Spark needs."""

    problem: str
    fix: str

    exit_code = 2
    what = "{problem}"
    state = "No Spark session was started and no data was touched."
    hint = "{fix}"


@dataclass(eq=False)
class InputError(SparkjobsError):
    """A source's files are not as its conf says."""

    source: str
    problems: tuple[str, ...]
    fix: str

    state = UNTOUCHED
    hint = "{fix}"

    def __str__(self) -> str:
        shown = [f"source {self.source!r}: {problem}" for problem in self.problems[:5]]
        if len(self.problems) > len(shown):
            shown.append(f"source {self.source!r}: and {len(self.problems) - len(shown)} more")
        return "\n".join([*shown, self.state, self.fix])

"""The project, its jobs and its overlays."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from sparkjobs.config.arguments import Duration
from sparkjobs.config.checks import CheckEntry
from sparkjobs.config.incremental import ByColumn, ByInterval, Incremental
from sparkjobs.config.model import ColumnName, Model, Name, ValueOrList
from sparkjobs.config.openlineage import OpenLineage, OpenLineageOverlay
from sparkjobs.config.output import Output, Scd2Output
from sparkjobs.config.sources import Source
from sparkjobs.results import Severity


def _spark_text(value: object) -> object:
    """Spark's conf is text; YAML's true and 8 are what people write."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


_MODES = {
    "files": ("append", "merge", "scd2"),
    "column": ("merge", "scd2"),
    "version": ("append", "overwrite_partitions", "merge", "scd2"),
    "interval": ("overwrite_partitions", "merge", "scd2"),
}
_WOULD = {
    "append": "double the rows that it takes again",
    "overwrite": "lose every row that is not new",
    "overwrite_partitions": "lose the older rows of a partition that gets new ones",
}


class Retries(Model):
    """How often a job is tried again after a failure that passes, and how long it waits at first."""

    times: Annotated[int, Field(ge=0, le=10)] = 2
    wait_s: Annotated[float, Field(ge=0, le=600)] = 5.0
    """Doubled from try to try."""


class Outputs(Model):
    """Where jobs publish that do not say it themselves."""

    format: Literal["delta", "parquet"] = "delta"
    folder: str
    """Each job has a folder of its name in it."""


class Project(Model):
    """conf/sparkjobs.yml."""

    name: Name
    jobs: tuple[str, ...] = Field(min_length=1)
    """Python packages that hold the job functions."""
    paths: Mapping[Name, str] = Field(default_factory=dict)
    spark: Mapping[str, Annotated[str, BeforeValidator(_spark_text)]] = Field(default_factory=dict)
    retries: Retries = Retries()
    vars: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    """What SQL may ask for that the params of its job do not say."""
    output: Outputs | None = None
    openlineage: OpenLineage | None = None
    """Where events of lineage go; None: there are none."""


class Input(Model):
    """Where an input comes from: another job's output, or a declared source."""

    ref: Name | None = None
    source: Name | None = None
    lookup: bool = False
    """Whether its rows are joined, not appended: mode append takes it whole in every run."""
    for_checks: bool = False
    """Whether it is a lookup of checks alone, which the function does not get."""

    @model_validator(mode="before")
    @classmethod
    def _looked_up(cls, entry: object) -> object:
        if isinstance(entry, Mapping) and entry.get("for_checks") is True:
            return {"lookup": True, **entry}
        return entry

    @model_validator(mode="after")
    def _one(self) -> "Input":
        if (self.ref is None) == (self.source is None):
            raise ValueError("an input is either `ref: job` or `source: name`")
        return self


class Freshness(Model):
    """How old the table of a job may be."""

    max_age: Duration
    """Since the job last published, and since the newest time in `column`."""
    column: ColumnName | None = None
    severity: Severity = "error"


class ColumnNote(Model):
    """What people are told of a column of a result. It decides nothing."""

    description: str = ""
    unit: str = ""
    """What its numbers count: minutes, EUR, °F."""


Notes = Mapping[ColumnName, ColumnNote]


class JobConf(Model):
    """conf/jobs/<job>.yml."""

    function: Name | None = None
    """The registered function, where it is not named as the job is."""
    inputs: Mapping[Name, Input] = Field(default_factory=dict)
    """Only a query needs none."""
    params: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    cache: tuple[Name, ...] = ()
    output: Output
    incremental: Incremental | None = None
    """How new input is found; None: every run takes everything."""
    checks: tuple[CheckEntry, ...] = ()
    freshness: Freshness | None = None
    profile: bool = False
    """Whether the record also tells distinct values, quantiles and common values, for one more pass."""
    tags: tuple[Name, ...] = ()
    description: str = ""
    columns: Notes = Field(default_factory=dict)
    """What people are told of the columns of its result."""

    @model_validator(mode="after")
    def _has_rows(self) -> "JobConf":
        if self.inputs and all(one.lookup for one in self.inputs.values()):
            raise ValueError("every input is a `lookup`: there is none whose rows the job takes")
        return self

    @model_validator(mode="after")
    def _keeps_all_rows(self) -> "JobConf":
        """Refuse what would lose or double rows from the second run on."""
        if self.incremental is None:
            return self
        by, mode = self.incremental.by, self.output.mode
        if sum(not one.lookup for one in self.inputs.values()) > 1:
            raise ValueError("an incremental job takes the rows of one input; the others are `lookup: true`")
        if mode not in _MODES[by]:
            allowed = ", ".join(_MODES[by])
            raise ValueError(f"incremental by {by} with mode {mode} would {_WOULD[mode]}; it takes {allowed}")
        return self

    @model_validator(mode="after")
    def _takes_whole_snapshots(self) -> "JobConf":
        """Refuse to close the keys that an increment lacks only because it did not take their rows."""
        output, by = self.output, self.incremental
        if not (isinstance(output, Scd2Output) and isinstance(by, ByColumn | ByInterval)):
            return self
        if output.absent_keys == "close" and by.column != output.sequence_by:
            raise ValueError(
                f"`absent_keys: close` needs whole snapshots: take them by {output.sequence_by!r}, "
                f"not by {by.column!r}"
            )
        return self


class Selector(Model):
    """An entry of conf/selectors.yml; a text alone is one `select`."""

    select: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """None selects all jobs."""
    exclude: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    description: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, entry: object) -> object:
        if not isinstance(entry, str | Mapping):
            raise ValueError("must be text or a mapping")  # noqa: TRY004 (pydantic collects these)
        return {"select": (entry,)} if isinstance(entry, str) else entry


class ViewConf(Model):
    """What can be said of a query that is no table."""

    inputs: Mapping[Name, Input] = Field(default_factory=dict)
    params: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    tags: tuple[Name, ...] = ()
    description: str = ""
    columns: Notes = Field(default_factory=dict)


class Everything(Model):
    """All conf files together: sparkjobs.yml, sources.yml, selectors.yml, jobs, and what SQL says itself."""

    project: Project
    sources: Mapping[Name, Source]
    selectors: Mapping[Name, Selector]
    jobs: Mapping[Name, JobConf]
    views: Mapping[Name, ViewConf]


class _SourceOverlay(Model):
    path: str | None = None
    options: Mapping[str, ValueOrList] = Field(default_factory=dict)


class _OutputOverlay(Model):
    path: str | None = None
    target_file_size: str | None = None


class _JobOverlay(Model):
    params: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    output: _OutputOverlay = _OutputOverlay()


class Overlay(Model):
    """conf/env/<name>.yml: locations, sizes and secrets; never logic."""

    paths: Mapping[Name, str] = Field(default_factory=dict)
    vars: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    spark: Mapping[str, Annotated[str, BeforeValidator(_spark_text)]] = Field(default_factory=dict)
    sources: Mapping[Name, _SourceOverlay] = Field(default_factory=dict)
    jobs: Mapping[Name, _JobOverlay] = Field(default_factory=dict)
    openlineage: OpenLineageOverlay = OpenLineageOverlay()

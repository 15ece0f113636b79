"""The project, its jobs and its overlays."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sparkjobs.config.checks import CheckEntry
from sparkjobs.config.model import ColumnName, Model, Name, ValueOrList
from sparkjobs.config.sources import Source

_SIZE = re.compile(r"([1-9][0-9]{0,9})(kB|KB|MB|GB)")
_UNITS = {"kB": 1024, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


def _size(text: str) -> str:
    if not _SIZE.fullmatch(text):
        raise ValueError(f"{text!r} is not a size; for example 128MB")
    return text


def bytes_of(size: str) -> int:
    """`128MB` in bytes."""
    match = _SIZE.fullmatch(size)
    assert match, size  # noqa: S101 (the model has checked it)
    return int(match[1]) * _UNITS[match[2]]


def _spark_text(value: object) -> object:
    """Spark's conf is text; YAML's true and 8 are what people write."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


class Project(Model):
    """conf/sparkjobs.yml."""

    name: Name
    jobs: tuple[str, ...] = Field(min_length=1)
    """Python packages that hold the job functions."""
    paths: Mapping[Name, str] = Field(default_factory=dict)
    spark: Mapping[str, Annotated[str, BeforeValidator(_spark_text)]] = Field(default_factory=dict)


class Input(Model):
    """Where an input comes from: another job's output, or a declared source."""

    ref: Name | None = None
    source: Name | None = None
    lookup: bool = False
    """Whether its rows are joined, not appended: mode append takes it whole in every run."""

    @model_validator(mode="after")
    def _one(self) -> "Input":
        if (self.ref is None) == (self.source is None):
            raise ValueError("an input is either `ref: job` or `source: name`")
        return self


class Output(Model):
    """Where a job's frame goes."""

    format: Literal["delta", "parquet"]
    path: str
    mode: Literal["append", "overwrite", "overwrite_partitions"] = "overwrite"
    partition_by: tuple[ColumnName, ...] = ()
    sort_by: tuple[ColumnName, ...] = ()
    target_file_size: Annotated[str, AfterValidator(_size)] | None = None

    @model_validator(mode="after")
    def _partitioned(self) -> "Output":
        if self.mode == "overwrite_partitions" and not self.partition_by:
            raise ValueError("mode overwrite_partitions needs `partition_by`")
        return self


class JobConf(Model):
    """conf/jobs/<job>.yml."""

    function: Name | None = None
    """The registered function, where it is not named as the job is."""
    inputs: Mapping[Name, Input] = Field(min_length=1)
    params: Mapping[Name, ValueOrList] = Field(default_factory=dict)
    cache: tuple[Name, ...] = ()
    output: Output
    checks: tuple[CheckEntry, ...] = ()
    tags: tuple[Name, ...] = ()
    description: str = ""

    @model_validator(mode="after")
    def _has_rows(self) -> "JobConf":
        if all(one.lookup for one in self.inputs.values()):
            raise ValueError("every input is a `lookup`: there is none whose rows the job takes")
        return self


class Everything(Model):
    """All conf files together: sparkjobs.yml, sources.yml and one file per job."""

    project: Project
    sources: Mapping[Name, Source]
    jobs: Mapping[Name, JobConf]


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
    spark: Mapping[str, Annotated[str, BeforeValidator(_spark_text)]] = Field(default_factory=dict)
    sources: Mapping[Name, _SourceOverlay] = Field(default_factory=dict)
    jobs: Mapping[Name, _JobOverlay] = Field(default_factory=dict)

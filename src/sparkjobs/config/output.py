"""Where a job's frame goes: one model per way to change a table."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from sparkjobs.config.model import ColumnName, Model

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


class Optimize(Model):
    """When the small files of a table are put together into larger ones."""

    after: Annotated[int, Field(ge=1)]
    """Once so many commits came since the last time."""


class _Output(Model):
    format: Literal["delta", "parquet"]
    path: str
    partition_by: tuple[ColumnName, ...] = ()
    sort_by: tuple[ColumnName, ...] = ()
    target_file_size: Annotated[str, AfterValidator(_size)] | None = None
    optimize: Optimize | None = None
    on_schema_change: Literal["fail", "add_columns", "full_refresh"] = "fail"
    """What to do when the result has other columns than the table."""


class PlainOutput(_Output):
    """Whole files come or go: all of the table, some partitions, or nothing goes."""

    mode: Literal["append", "overwrite", "overwrite_partitions"]

    @model_validator(mode="after")
    def _partitioned(self) -> "PlainOutput":
        if self.mode == "overwrite_partitions" and not self.partition_by:
            raise ValueError("mode overwrite_partitions needs `partition_by`")
        return self


class MergeOutput(_Output):
    """One row per key: rows of the result replace those with their keys, the others stay."""

    mode: Literal["merge"]
    keys: tuple[ColumnName, ...] = Field(min_length=1)
    order_by: tuple[ColumnName, ...] = ()
    """Of several rows with one key the one with the highest values here holds, whenever it came."""
    columns: tuple[ColumnName, ...] = ()
    """What an update changes; default: every column but the keys."""
    update_when: str | None = None
    """A SQL condition over `source.x` and `target.x`; where it is not true, the table's row stays."""
    delete_when: str | None = None
    """A SQL condition over the result's columns; where it is true, the row says that its key is gone."""

    @model_validator(mode="after")
    def _apart(self) -> "MergeOutput":
        both = [name for name in self.columns if name in self.keys]
        if both:
            raise ValueError(f"{both[0]!r} is a key; an update cannot change it")
        return self


class Scd2Output(_Output):
    """The history of each key: one row per version, closed by its successor."""

    mode: Literal["scd2"]
    keys: tuple[ColumnName, ...] = Field(min_length=1)
    sequence_by: ColumnName
    """The column that says since when a row holds; late rows are placed by it."""
    track: tuple[ColumnName, ...] = ()
    """The columns whose change makes a new version; default: all but keys and `sequence_by`."""
    delete_when: str | None = None
    """A SQL condition over the result's columns; where it is true, the row closes its key's history."""
    absent_keys: Literal["keep", "close"] = "keep"
    """`close`: the result is a whole snapshot per `sequence_by`; a key it lacks is closed there."""
    valid_from: ColumnName = "valid_from"
    valid_to: ColumnName = "valid_to"
    is_current: ColumnName = "is_current"

    @model_validator(mode="after")
    def _apart(self) -> "Scd2Output":
        own = (self.sequence_by, self.valid_from, self.valid_to, self.is_current)
        names = [name.casefold() for name in (*self.keys, *own)]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise ValueError(
                f"{twice[0]!r} stands twice among keys, sequence_by, valid_from, valid_to, is_current"
            )
        if self.delete_when and self.absent_keys == "close":
            raise ValueError("`delete_when` and `absent_keys: close` are two ways to say one thing; take one")
        return self


def _with_mode(entry: object) -> object:
    return {"mode": "overwrite", **entry} if isinstance(entry, Mapping) else entry


Output = Annotated[
    Annotated[PlainOutput | MergeOutput | Scd2Output, Field(discriminator="mode")],
    BeforeValidator(_with_mode),
]
Mode = Literal["append", "overwrite", "overwrite_partitions", "merge", "scd2"]

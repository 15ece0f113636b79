"""Troubles: rows that cannot be told apart, have no key, or come too late. All are told before the commit."""

from collections.abc import Iterator

import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sparkjobs.errors import NullKeyError, TiedRowsError
from sparkjobs.publish.attempt import Attempt
from sparkjobs.results import Staged
from sparkjobs.sql import column

_SHOWN = 5


def refuse_nulls(attempt: Attempt, staged: Staged, rows: DataFrame, names: tuple[str, ...]) -> None:
    """Make sure that none of the staged `rows` lacks a value in one of the columns `names`.

    Raises:
        NullKeyError: some do.
    """
    known = {name: _nulls(staged, name) for name in names}
    untold = [name for name, nulls in known.items() if nulls is None]
    if untold:
        counts = rows.agg(*[F.count_if(column(name).isNull()) for name in untold]).first() or ()
        known |= dict(zip(untold, counts, strict=True))
    for name, nulls in known.items():
        if nulls:
            raise NullKeyError(attempt.job, name, nulls)


def refuse_ties(attempt: Attempt, tied: Staged, names: tuple[str, ...]) -> None:
    """Tell which keys have several rows that nothing puts in order; there are none without files.

    Raises:
        TiedRowsError: there are some.
    """
    if tied.files:
        raise TiedRowsError(attempt.job, tuple(_examples(tied, names)), tied.rows)


def _nulls(staged: Staged, name: str) -> int | None:
    """Rows without a value of `name`, by the footers; None where these are silent, as of long texts."""
    if name in staged.partition_by:
        return sum(file.rows for file in staged.files if dict(file.partition)[name] is None)
    facts = dict(staged.columns).get(name)
    return facts.nulls if facts else None if staged.files else 0


def _examples(tied: Staged, names: tuple[str, ...]) -> Iterator[str]:
    flat = [name for name in names if name not in tied.partition_by]
    left = _SHOWN
    for file in tied.files:
        content = pq.ParquetFile(tied.folder / file.path)
        for row in (
            content.read(columns=flat).slice(0, left).to_pylist() if flat else [{}] * min(left, file.rows)
        ):
            values = {**dict(file.partition), **row}
            yield ", ".join(f"{name}={values[name]}" for name in names)
            left -= 1
        if not left:
            return

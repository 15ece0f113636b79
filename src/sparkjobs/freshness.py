"""How old tables are, against what their conf allows. A job that did not run has no record: tables tell."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from deltalake.exceptions import DeltaError
from pyarrow import ArrowException

from sparkjobs.config import Freshness, JobConf
from sparkjobs.errors import SparkjobsError
from sparkjobs.state.times import Newest, UntoldError, newest, published_at

Verdict = Literal["fresh", "stale", "never published", "unknown", "not asked"]


@dataclass(frozen=True, slots=True)
class Age:
    """How old a job's table is, and whether that is too old."""

    job: str
    wanted: Freshness | None
    verdict: Verdict
    published: datetime | None = None
    newest: datetime | None = None
    why: str = ""
    """Why the verdict is unknown."""

    @property
    def fails(self) -> bool:
        """Whether somebody has to look: what is unknown is not fresh."""
        return self.wanted is not None and self.wanted.severity == "error" and self.verdict != "fresh"


def age_of(job: str, conf: JobConf, now: datetime) -> Age:
    """How old the table of `job` is at `now`."""
    wanted, table, table_format = conf.freshness, Path(conf.output.path), conf.output.format
    published = None
    try:
        published = published_at(job, table, table_format)
        if published is None:
            return Age(job, wanted, "never published")
        if wanted is None:
            return Age(job, None, "not asked", published)
        column = wanted.column
        data = newest(table, table_format, column) if column else Newest(published, 0)
    except UntoldError as error:
        return Age(job, wanted, "unknown", published, why=str(error))
    except (SparkjobsError, DeltaError, ArrowException, OSError) as error:
        return Age(job, wanted, "unknown", published, why=str(error).partition("\n")[0])
    verdict, why = _verdict(wanted, published, data, now)
    return Age(job, wanted, verdict, published, data.value if column else None, why)


def _verdict(wanted: Freshness, published: datetime, data: Newest, now: datetime) -> tuple[Verdict, str]:
    """Both the last publish and the newest row have to be young enough."""
    if now - published > wanted.max_age:
        return "stale", ""
    if data.value is not None and now - data.value <= wanted.max_age:
        return "fresh", ""
    if data.untold:
        return "unknown", f"{data.untold} files do not tell their newest {wanted.column!r}"
    return "stale", ""

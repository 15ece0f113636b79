"""What only the JVM tells: of plans, of parsed SQL, and of what Spark did.

Here and in `session` alone the code looks behind the DataFrame API.
Not here: what is made of it.
"""

from sparkjobs.jvm.frames import (
    analyzed,
    analyzed_json,
    at_its_source,
    distinct_keys,
    forget_view,
    in_session,
    json_rows,
    loaded,
    no_rows,
    planned,
    reads_once,
    strangers,
)
from sparkjobs.jvm.jobs import acted, cancel, label, observed, retried, stages
from sparkjobs.jvm.objects import java, members
from sparkjobs.jvm.parsed import parse_query, query_syntax, syntax

__all__ = [
    "acted",
    "analyzed",
    "analyzed_json",
    "at_its_source",
    "cancel",
    "distinct_keys",
    "forget_view",
    "in_session",
    "java",
    "json_rows",
    "label",
    "loaded",
    "members",
    "no_rows",
    "observed",
    "parse_query",
    "planned",
    "query_syntax",
    "reads_once",
    "retried",
    "stages",
    "strangers",
    "syntax",
]

"""dbt's `config` of a model: what of it has no place here, or another meaning."""

import re
from collections.abc import Iterator
from typing import Final

from sparkjobs.config.model import NAME
from sparkjobs.config.node import Plain
from sparkjobs.dbt_projects.model import Remark
from sparkjobs.dbt_projects.project import listed
from sparkjobs.dbt_projects.settings import FORMATS, KEPT, KIND, OF_TABLES, VIEWS, WIDER, Said, name_of

_UNSAID: Final = frozenset(
    {
        "access",
        "batch_size",
        "begin",
        "docs",
        "event_time",
        "full_refresh",
        "group",
        "lookback",
        "meta",
    }
) | {"name", "persist_docs", "query_tag", "quoting", "version"}
"""What decides nothing here, or is told where it belongs to something else."""
_PLACES: Final = ("catalog", "database", "location_root", "schema")
_HAND: Final = {
    "contract": "`column_types` in `checks:` of conf/jobs/{name}.yml asks for columns and types",
    "grants": "Grant on the folders of the tables",
    "post_hook": "Hooks have no place here: run the statement after `sparkjobs run`",
    "pre_hook": "Hooks have no place here: run the statement before `sparkjobs run`",
    "sql_header": "Say it under `spark:` in conf/sparkjobs.yml",
}


def unsaid(said: Said) -> Iterator[Remark]:
    """What of the settings has no place here, or another meaning."""
    is_view = said.kind in VIEWS and not said.tested
    for key, value in said.all.items():
        if key in (*KIND, "description", "enabled") or value in (None, (), {}, False):
            continue
        told = f"{said.name}: `{key}`"
        if key in _UNSAID:
            yield Remark(said.place, f"{told} decides nothing here")
        elif key in OF_TABLES and is_view:
            yield Remark(said.place, f"{told} says nothing of a view")
        elif key in _PLACES:
            yield Remark(
                said.place, f"{told}: its table lies in `warehouse`, as all; `output.path` says otherwise"
            )
        elif key in _HAND:
            yield Remark(said.place, f"{told} did not come along", _HAND[key].format(name=said.name))
        elif told_more := _odd(key, value):
            yield Remark(said.place, f"{told} {told_more}")
        elif key not in (*KEPT, *OF_TABLES):
            fix = f"See whether conf/jobs/{said.name}.yml has a word for it"
            yield Remark(said.place, f"{told} is not known here", fix)


def _odd(key: str, value: Plain) -> str:
    """What is another here than it says."""
    odd_tags = [str(one) for one in listed(value) if not re.fullmatch(NAME, str(one))]
    match key:
        case "file_format" if value not in FORMATS:
            return f"{value} is none of delta and parquet; the table is of the project's format"
        case "alias" if not re.fullmatch(NAME, str(value)):
            return f"{value!r} is no name of a folder here; it is called as the model"
        case "on_schema_change" if value not in WIDER:
            return (
                f"{value}: a result with other columns fails here; conf says `add_columns` or `full_refresh`"
            )
        case "tags" if odd_tags:
            return f"{', '.join(odd_tags)}: {', '.join(map(name_of, odd_tags))} here, for a tag is a name"
    return ""

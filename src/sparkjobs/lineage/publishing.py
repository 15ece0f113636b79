"""What publishing makes of a result: the columns it adds, and the keys by which it keeps rows."""

from dataclasses import replace

from sparkjobs.config import Conf, MergeOutput, Scd2Output
from sparkjobs.lineage.model import Column, Node, Origin

Result = tuple[tuple[Column, ...], tuple[Origin, ...]]
"""The columns, and what decides on the rows."""


def published(conf: Conf, node: Node, columns: tuple[Column, ...], rows: tuple[Origin, ...]) -> Result:
    """The table of `node`, whose query or function makes these columns and rows."""
    output = conf.jobs[node.name].output if node.kind == "job" else None
    if not isinstance(output, MergeOutput | Scd2Output):
        return columns, rows
    by_name = {one.name: one for one in columns}
    keys = {origin for key in output.keys if key in by_name for origin in by_name[key].origins}
    rows = tuple(sorted({*rows, *keys}))
    if not isinstance(output, Scd2Output) or output.sequence_by not in by_name:
        return columns, rows
    since = by_name[output.sequence_by]
    of = tuple(replace(one, how="made") for one in since.origins)
    kinds = {output.valid_from: since.type, output.valid_to: since.type}
    own = {**kinds, output.is_current: since.type and "boolean"}
    return (*columns, *(Column(name, kind, of) for name, kind in own.items())), rows

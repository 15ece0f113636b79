"""Planning: conf, jobs, tables and a request become a frozen RunPlan. No Spark is started.

Here: the graph, selectors, file lists, why each job runs; `explain` tells a plan.
Not here: doing any of it (run).
"""

from sparkjobs.plan.build import Request, build
from sparkjobs.plan.explain import as_json, as_text
from sparkjobs.plan.graph import Graph, graph_of
from sparkjobs.plan.model import (
    File,
    FileGroup,
    JobPlan,
    PlannedInput,
    RunPlan,
    SourceInput,
    TableInput,
)

__all__ = [
    "File",
    "FileGroup",
    "Graph",
    "JobPlan",
    "PlannedInput",
    "Request",
    "RunPlan",
    "SourceInput",
    "TableInput",
    "as_json",
    "as_text",
    "build",
    "graph_of",
]

"""Runs of jobs in the words of OpenLineage, with the classes of its own client.

Datasets are named by file system and path, as its specification says, so that other tools mean the same by a
name. No value of a param goes into an event, and no text of SQL, which could hold one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    documentation_job,
    error_message_run,
    input_statistics_input_dataset,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    processing_engine_run,
    schema_dataset,
)

from sparkjobs.config.locations import fixed_part
from sparkjobs.config.references import scrubbed
from sparkjobs.errors import StoppedError
from sparkjobs.lineage.model import Column, Node, Origin
from sparkjobs.lineage.publishing import Result
from sparkjobs.plan import JobPlan, PlannedInput, SourceInput
from sparkjobs.results import CheckResult, JobResult, JobStatus

_PRODUCER: Final = "urn:sparkjobs"
_ENDS: Final[Mapping[JobStatus, RunState]] = {
    "success": RunState.COMPLETE,
    "no-op": RunState.COMPLETE,
    "fail": RunState.FAIL,
    "error": RunState.FAIL,
    "skipped": RunState.ABORT,
}
_KINDS: Final = {"same": "IDENTITY", "made": "TRANSFORMATION"}
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class About:
    """What stays the same for all events of a run."""

    namespace: str
    project: str
    run_id: str
    spark: str
    """Its version."""


def started(about: About, job: JobPlan, at: str) -> RunEvent:
    """`job` begins."""
    return _event(about, job, at, RunState.START, _inputs(job, None), [_output(job, None, None)], {})


def ended(about: About, job: JobPlan, result: JobResult, found: Result | None) -> RunEvent:
    """`job` has ended; `found` are the columns of its table, where they are known."""
    failed = result.status in ("fail", "error")
    told = result.message.splitlines()[0] if result.message else result.status
    error = error_message_run.ErrorMessageRunFacet(scrubbed(told)[:_LONGEST], "PYTHON")
    facets = {"errorMessage": error} if failed else {}
    state = RunState.ABORT if failed and result.exit_code == StoppedError.exit_code else _ENDS[result.status]
    outputs = [_output(job, result, found)]
    return _event(about, job, result.completed, state, _inputs(job, result), outputs, facets)


def _event(
    about: About,
    job: JobPlan,
    at: str,
    state: RunState,
    inputs: list[InputDataset],
    outputs: list[OutputDataset],
    facets: Mapping[str, Any],
) -> RunEvent:
    whole = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=_uuid(about, "")),
        job=parent_run.Job(namespace=about.namespace, name=about.project),
    )
    engine = processing_engine_run.ProcessingEngineRunFacet(version=about.spark, name="spark")
    run = Run(runId=_uuid(about, job.name), facets={"parent": whole, "processing_engine": engine, **facets})
    return RunEvent(
        eventTime=at,
        eventType=state,
        producer=_PRODUCER,
        run=run,
        job=Job(about.namespace, f"{about.project}.{job.name}", _of_job(job)),
        inputs=inputs,
        outputs=outputs,
    )


def _uuid(about: About, job: str) -> str:
    """The same for all events of one job in one run."""
    return str(uuid5(NAMESPACE_URL, f"sparkjobs:{about.namespace}/{about.project}/{about.run_id}/{job}"))


def _of_job(job: JobPlan) -> dict[str, Any]:
    kind = "MODEL" if job.function.sql else "JOB"
    facets: dict[str, Any] = {"jobType": job_type_job.JobTypeJobFacet("BATCH", "SPARKJOBS", kind)}
    if told := job.conf.description or job.function.description:
        facets["documentation"] = documentation_job.DocumentationJobFacet(told)
    return facets


def _inputs(job: JobPlan, result: JobResult | None) -> list[InputDataset]:
    """The inputs, each dataset once; what was read of it once that is known."""
    read = {one.input: one.read for one in result.ledgers} if result else {}
    found: dict[tuple[str, str], InputDataset] = {}
    for one in job.inputs:
        namespace, name = _dataset(one)
        told: dict[str, Any] = {}
        if one.name in read:
            facet = input_statistics_input_dataset.InputStatisticsInputDatasetFacet
            told["inputStatistics"] = facet(rowCount=read[one.name])
        version = {} if one.version is None else _version(one.version)
        found.setdefault((namespace, name), InputDataset(namespace, name, told, facets=version))
    return list(found.values())


def _output(job: JobPlan, result: JobResult | None, found: Result | None) -> OutputDataset:
    facets: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if result and result.checks:
        asserted = [_assertion(one) for one in result.checks]
        facets["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            asserted
        )
    if found:
        facets["schema"] = _schema(found[0])
        facets["columnLineage"] = _column_lineage(job, found)
    if result and result.published:
        facets |= _version(result.published.version)
        told["outputStatistics"] = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            result.published.rows, result.published.size, result.published.files
        )
    return OutputDataset("file", str(job.table), told, facets=facets)


def _version(version: int) -> dict[str, Any]:
    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(str(version))}


def _assertion(check: CheckResult) -> data_quality_assertions_dataset.Assertion:
    return data_quality_assertions_dataset.Assertion(
        assertion=check.name,
        success=check.status in ("pass", "learning"),
        severity=check.severity,
        description=check.description or None,
        actual=scrubbed(check.observed),
    )


def _schema(columns: Iterable[Column]) -> schema_dataset.SchemaDatasetFacet:
    fields = [
        schema_dataset.SchemaDatasetFacetFields(one.name, one.type, ordinal_position=place)
        for place, one in enumerate(columns, 1)
    ]
    return schema_dataset.SchemaDatasetFacet(fields)


def _column_lineage(job: JobPlan, found: Result) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    columns, rows = found
    datasets = {node_of(one): _dataset(one) for one in job.inputs}
    fields = {
        one.name: column_lineage_dataset.Fields(
            [_field(datasets, of, "DIRECT", _KINDS[of.how]) for of in one.origins]
        )
        for one in columns
        if one.origins
    }
    deciding = [_field(datasets, of, "INDIRECT", None) for of in rows]
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields, deciding)


def _field(
    datasets: Mapping[Node, tuple[str, str]], origin: Origin, kind: str, subtype: str | None
) -> column_lineage_dataset.InputField:
    namespace, name = datasets[origin.node]
    transformation = column_lineage_dataset.Transformation(kind, subtype)
    return column_lineage_dataset.InputField(namespace, name, origin.column, [transformation])


def node_of(one: PlannedInput) -> Node:
    """What an input is."""
    return Node("source", one.source) if isinstance(one, SourceInput) else Node("job", one.job)


def _dataset(one: PlannedInput) -> tuple[str, str]:
    """The namespace and name of an input: its folder, or its one file."""
    path = fixed_part(one.conf.path) if isinstance(one, SourceInput) else one.path
    return "file", str(path)

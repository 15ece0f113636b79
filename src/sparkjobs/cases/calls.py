"""A case that calls the job's function: frames in, a frame out, no file between."""

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from sparkjobs.cases.diff import difference
from sparkjobs.cases.find import Placed
from sparkjobs.cases.frames import frame_of, schema_of, values_of
from sparkjobs.cases.table import Table
from sparkjobs.config import Conf
from sparkjobs.config.mistakes import guess
from sparkjobs.plan.decide import drafted
from sparkjobs.plan.graph import function_name
from sparkjobs.query import with_views
from sparkjobs.registry import Registry
from sparkjobs.session import root_cause
from sparkjobs.sql import column
from sparkjobs.transform import params_of, transform


def called(spark: SparkSession, conf: Conf, registry: Registry, case: Placed) -> str | None:
    """What is wrong with what the function of the job returns; None where nothing is.

    `conf` has the params of the case.

    Raises:
        FunctionError: it raised.
        ResultError: it returned no frame.
        MistakeError: a value is not one of its column's type.
    """
    body = conf.jobs[case.job]
    job = drafted(conf, case.job, registry.jobs[function_name(case.job, body)], (), ())
    frames = {}
    for name, table in case.inputs():
        source = body.inputs[name].source
        frames[name] = frame_of(spark, table, schema_of([table], declared_of(conf, source)))
    result = transform(spark, job, with_views(spark, job, frames), params_of(job))
    assert case.body.expect is not None, case.body.name  # noqa: S101 (the model has checked it)
    return unlike(result, case.table(case.body.expect, "expect"))


def declared_of(conf: Conf, source: str | None) -> dict[str, str]:
    """The columns of a contract with their types; none where there is none."""
    return {name: one.type for name, one in conf.sources[source].columns.items()} if source else {}


def unlike(result: DataFrame, expected: Table) -> str | None:
    """What `result` holds that is not expected, or the other way round, in the expected columns.

    Raises:
        MistakeError: an expected value is not one of its column's type.
    """
    fields = {field.name: field for field in result.schema}
    for name in expected.names:
        if name not in fields:
            return f"the result has no column {name!r}; {guess(name, fields, 'it has')}"
    names = expected.names or tuple(fields)
    wanted = frame_of(result.sparkSession, expected, StructType([fields[name] for name in names]))
    try:
        found = values_of(result.select(*map(column, names)))
    except (PySparkException, Py4JError) as error:
        return f"the result cannot be computed: {root_cause(error)}"
    return difference(values_of(wanted), found)

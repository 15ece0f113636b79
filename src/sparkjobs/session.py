"""The one place that builds a SparkSession."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaClass
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.errors import utils as pyspark_errors
from pyspark.sql import SparkSession

from sparkjobs import jvm
from sparkjobs.config import Conf
from sparkjobs.config.references import UnknownReferenceError, revealed, scrubbed
from sparkjobs.errors import SetupError
from sparkjobs.settings import REQUIRED, given_settings, names_delta, settings


def start(conf: Conf, *, threads: int = 1) -> SparkSession:
    """The session of this process, with the project's `spark:` where nobody said otherwise.

    Several `threads` share what there is to compute with fairly.

    Raises:
        SetupError: Spark does not start, or a setting contradicts what correct tables need.
    """
    if threads > 1 and os.environ.get("PYSPARK_PIN_THREAD", "true").lower() != "true":
        raise SetupError(
            "PYSPARK_PIN_THREAD is off, so that Spark could not tell the jobs of one thread from another's.",
            "Unset it, or leave --threads at 1.",
        )
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    if any((conf.root / "conf" / name).is_file() for name in ("spark-defaults.conf", "log4j2.properties")):
        os.environ.setdefault("SPARK_CONF_DIR", str(conf.root / "conf"))
    try:
        spark = _built(conf, {"spark.scheduler.mode": "FAIR"} if threads > 1 else {})
    except UnknownReferenceError as error:
        raise SetupError(
            f"A setting in `spark:` is a secret, and {error}.", "Provide it, or unset it."
        ) from error
    except (PySparkException, Py4JError, OSError) as error:
        fix = "`sparkjobs doctor` says what this machine lacks."
        raise SetupError(f"Spark does not start: {root_cause(error)}", fix) from error
    wrong = {
        key: spark.conf.get(key, "") for key, value in REQUIRED.items() if spark.conf.get(key, "") != value
    }
    if wrong:
        key, found = next(iter(wrong.items()))
        raise SetupError(
            f"{key} is {found!r}; tables are only right with {REQUIRED[key]!r}.",
            f"Leave {key} unset.",
        )
    return spark


def start_brief(conf: Conf) -> SparkSession:
    """The session of a process that looks at plans, or at rows given by hand, and ends.

    Its JVM does without its second compiler, which would compile what has no time left to pay for that,
    unless SPARK_SUBMIT_OPTS says otherwise. One that spark-submit has started stays as it is.

    Raises:
        SetupError: as `start` does.
    """
    said = os.environ.get("SPARK_SUBMIT_OPTS", "")
    os.environ["SPARK_SUBMIT_OPTS"] = f"-XX:TieredStopAtLevel=1 {said}".rstrip()  # of two the last one counts
    return start(conf)


def starting(conf: Conf, *, threads: int = 1) -> Callable[[Conf], SparkSession]:
    """Begin to start the session beside the caller, who has to wait for it by calling what is returned."""
    _ask_for_numpy()  # here, where nobody else imports
    pool = ThreadPoolExecutor(1, "session")
    begun = pool.submit(start, conf, threads=threads)
    pool.shutdown(wait=False)

    def started(_: Conf) -> SparkSession:
        spark = begun.result()
        _activate(spark)  # it was active in the thread that has built it
        return spark

    return started


def apart(spark: SparkSession, pool: str) -> SparkSession:
    """A session for this thread, whose settings are from now on its own; what is cached is shared.

    What it lets Spark do is in the scheduler's `pool`.
    """
    own = SparkSession(spark.sparkContext, spark._jsparkSession.cloneSession())  # noqa: SLF001 (newSession forgets what was set)
    _activate(own)
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", pool)
    return own


def _activate(spark: SparkSession) -> None:
    """Make `spark` the session of the JVM's thread that answers this one."""
    jvm.java(spark, "org.apache.spark.sql.classic.SparkSession").setActiveSession(spark._jsparkSession)  # noqa: SLF001


def _built(conf: Conf, defaults: Mapping[str, str]) -> SparkSession:
    given = given_settings(conf.root)
    named = given.get("spark.app.name", "")
    ours = named in ("", Path(sys.argv[0]).name)  # spark-submit names an application after its file
    builder = SparkSession.builder.appName(f"sparkjobs {conf.project.name}" if ours else named)
    declared = {key: revealed(value, os.environ) for key, value in conf.project.spark.items()}
    wanted = settings(given, {**defaults, **declared}, conf.root, delta=names_delta(conf))
    for key, value in wanted.items():
        builder = builder.config(key, value)
    _ask_for_numpy()
    spark = builder.getOrCreate()
    remember(spark)
    return spark


class _Class(JavaClass):  # type: ignore[misc]  # py4j has no types
    """A class of the JVM that is asked for each of its members once."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (of the JVM)
        member = super().__getattr__(name)
        setattr(self, name, member)
        return member


def remember(spark: SparkSession) -> None:
    """Keep what PySpark asks of the JVM anew with each function of columns and each list of them."""
    for name in ("org.apache.spark.sql.functions", "org.apache.spark.api.python.PythonUtils"):
        kept = _Class(name, spark.sparkContext._gateway._gateway_client)  # type: ignore[union-attr]  # noqa: SLF001
        vars(spark._jvm).update({name: kept, name.rpartition(".")[2]: kept})  # noqa: SLF001


def forget_origins(spark: SparkSession) -> None:
    """Have Hadoop forget which file each of its 1,100 settings comes from, where it lets us.

    It would send that along with them to each scan and to each write, compressed one by one. Worth its
    25 ms in a session of very many small queries.
    """
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
    # what this loads would bring them back later
    jvm.java(spark, "org.apache.hadoop.mapreduce.Job").getInstance()
    with suppress(Py4JJavaError):  # another Hadoop
        origins = hadoop.getClass().getDeclaredField("updatingResource")
        origins.setAccessible(True)
        origins.set(hadoop, jvm.java(spark, "java.util.concurrent.ConcurrentHashMap")())


def _ask_for_numpy() -> None:
    """Have Spark see now whether numpy is there: at its first call of the JVM it would import pandas too.

    Its converters of arguments ask pyspark.testing, which asks for much. A third of a second.
    """
    if not {"pandas", "pyspark.testing.utils"} & sys.modules.keys():
        sys.modules["pandas"] = None  # type: ignore[assignment]  # says "not installed" to whoever imports it
        try:
            importlib.import_module("pyspark.testing.utils")
        finally:
            del sys.modules["pandas"]


def require_delta(spark: SparkSession) -> None:
    """Make sure that Delta's classes are there before a job needs them.

    Raises:
        SetupError: they are not.
    """
    loader = jvm.java(spark, "java.lang.Thread").currentThread().getContextClassLoader()
    if loader.getResource("io/delta/sql/DeltaSparkSessionExtension.class") is None:
        raise SetupError(
            "Delta's jars are not on Spark's class path.",
            "`make setup` fetches them; spark-submit finds them with SPARK_CONF_DIR=conf, or takes --jars.",
        )


@contextmanager
def with_settings(spark: SparkSession, wanted: Mapping[str, int]) -> Iterator[None]:
    """Inside, Spark has the settings `wanted`; afterwards those that it had.

    Not after a signal: that has cut a call of the JVM short, and the next one would get its answer.
    """
    before = {name: spark.conf.get(name, None) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, value)
    try:
        yield
    except Exception:
        _set_back(spark, before)
        raise
    _set_back(spark, before)


def _set_back(spark: SparkSession, before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            spark.conf.unset(name)
        else:
            spark.conf.set(name, value)


def restore(spark: SparkSession, table: Path, version: int) -> None:
    """Take a Delta table back to an older version, in a commit of its own."""
    from delta.tables import DeltaTable  # noqa: PLC0415 (only this needs it)

    DeltaTable.forPath(spark, str(table)).restoreToVersion(version)


@contextmanager
def call_sites(*, noted: bool) -> Iterator[None]:
    """Whether PySpark notes for each call of its API where it was made, to tell that of errors.

    Each takes eight calls of the JVM, so a run has it noted in a job's own code alone, as far as
    `spark.python.sql.dataFrameDebugging.enabled` lets it.
    """
    asks_conf, never = None, False
    state: Any = pyspark_errors
    before = state._enable_debugging_cache  # noqa: SLF001 (PySpark has no other switch once it has begun)
    state._enable_debugging_cache = asks_conf if noted else never  # noqa: SLF001
    try:
        yield
    finally:
        state._enable_debugging_cache = before  # noqa: SLF001


def root_cause(error: BaseException) -> str:
    """What went wrong at the bottom of `error`, in one bounded line without secrets."""
    text = str(error)
    if isinstance(error, Py4JJavaError):
        cause = error.java_exception
        while cause.getCause() is not None:
            cause = cause.getCause()
        text = f"{cause.getClass().getSimpleName()}: {cause.getMessage()}"
    lines = [line.strip() for line in scrubbed(text).split("\n\tat ")[0].splitlines() if line.strip()]
    if any(line.startswith("Traceback ") for line in lines):  # of a Python worker, whose last line tells it
        lines = [line for line in lines if not line.startswith("JVM stacktrace")][-1:]
    return " ".join(lines[:6])[:800]

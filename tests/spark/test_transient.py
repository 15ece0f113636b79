"""Which failures of the JVM's side pass by themselves: real actions where there are any, real exceptions else."""

import errno
import http.server
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sparkjobs.transient import transient

Act = Callable[[SparkSession, Path], object]
DELTA = "org.apache.spark.sql.delta."
ROWS = pa.table({"id": pa.array([1, 2], pa.int64())})
NUMBERS = "id long"


def _jvm(spark: SparkSession) -> Any:  # noqa: ANN401 (py4j has no types)
    return spark._jvm  # noqa: SLF001 (its exceptions are to be made)


def _java(spark: SparkSession, name: str, *arguments: object) -> Any:  # noqa: ANN401
    kind = _jvm(spark)
    for part in name.split("."):
        kind = getattr(kind, part)
    return kind(*arguments)


def _thrown(name: str, *arguments: object) -> Act:
    """The exception `name`, thrown by a real call, in the wrappings in which Spark hands on its causes."""

    def act(spark: SparkSession, _: Path) -> None:
        future = _java(spark, "java.util.concurrent.CompletableFuture")
        inner = _java(spark, name, *(arguments or ("503 timeout",)))
        future.completeExceptionally(_java(spark, "org.apache.spark.SparkException", "wrapped", inner))
        future.get()

    return act


def _collected(change: Callable[[DataFrame], DataFrame]) -> Act:
    return lambda spark, _: change(spark.range(4)).collect()


def _written(change: Callable[[DataFrame], DataFrame]) -> Act:
    return lambda spark, folder: change(spark.range(4)).write.parquet(str(folder / "out"))


def _sql(text: str) -> Act:
    return lambda spark, _: spark.sql(text).collect()


def _user(raises: Callable[[], Exception]) -> Callable[[DataFrame], DataFrame]:
    """Rows that come through a user's function, which raises."""

    def change(numbers: DataFrame) -> DataFrame:
        def fail(_: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            raise raises()

        return numbers.mapInArrow(fail, NUMBERS)

    return change


def _vanished(spark: SparkSession, folder: Path) -> None:
    spark.range(4).write.parquet(str(folder / "in"))
    numbers = spark.read.parquet(str(folder / "in"))
    for path in (folder / "in").glob("*.parquet"):
        path.unlink()
    numbers.collect()


def _torn(spark: SparkSession, folder: Path) -> None:
    spark.range(4).write.parquet(str(folder / "in"))
    numbers = spark.read.parquet(str(folder / "in"))
    for path in (folder / "in").glob("*.parquet"):
        path.write_bytes(path.read_bytes()[:-20])
        path.with_name(f".{path.name}.crc").unlink()
    numbers.collect()


def _disk_full(spark: SparkSession, _: Path) -> None:
    stream = _java(spark, "java.io.FileOutputStream", "/dev/full")
    try:
        stream.write(1)
    finally:
        stream.close()


@contextmanager
def _answer(status: int | None) -> Iterator[int]:
    """A port that answers one request with `status`, or none at all."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status or 0)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    if status is None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            yield silent.getsockname()[1]
        return
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield server.server_port
        thread.join()


def _refused(spark: SparkSession, _: Path) -> None:
    with _answer(None) as port:
        pass
    _java(spark, "java.net.Socket", "127.0.0.1", port)


def _unanswered(spark: SparkSession, _: Path) -> None:
    with _answer(None) as port:
        connection = _java(spark, "java.net.Socket", "127.0.0.1", port)
        connection.setSoTimeout(50)
        try:
            connection.getInputStream().read()
        finally:
            connection.close()


def _closed(spark: SparkSession, _: Path) -> None:
    channel = _java(spark, "java.io.FileInputStream", "/dev/null").getChannel()
    channel.close()
    channel.size()


def _http(status: int) -> Act:
    def act(spark: SparkSession, _: Path) -> None:
        with _answer(status) as port:
            request = _java(spark, "org.apache.http.client.methods.HttpGet", f"http://127.0.0.1:{port}/")
            client = _jvm(spark).org.apache.http.impl.client.HttpClients.createDefault()
            client.execute(request, _java(spark, "org.apache.http.impl.client.BasicResponseHandler"))

    return act


@contextmanager
def _derby(spark: SparkSession, folder: Path) -> Iterator[tuple[Any, Any]]:
    """Two connections to a real database, both in the midst of a transaction on one table."""
    _jvm(spark).java.lang.System.setProperty("derby.locks.waitTimeout", "1")
    manager = _jvm(spark).java.sql.DriverManager
    url = f"jdbc:derby:{folder}/derby"
    first = manager.getConnection(f"{url};create=true")
    first.createStatement().execute("create table t (x int)")
    first.createStatement().execute("insert into t values 1")
    second = manager.getConnection(url)
    for one in (first, second):
        one.setAutoCommit(False)
    try:
        yield first, second
    finally:
        for one in (first, second):
            one.rollback()
            one.close()


def _deadlock(spark: SparkSession, folder: Path) -> None:
    with _derby(spark, folder) as (first, second):
        first.createStatement().execute("update t set x = 2")
        second.createStatement().execute("update t set x = 3")


def _no_such_table(spark: SparkSession, folder: Path) -> None:
    with _derby(spark, folder) as (first, _):
        first.createStatement().execute("update nowhere set x = 2")


def _jdbc_read(table: str) -> Act:
    def act(spark: SparkSession, folder: Path) -> None:
        with _derby(spark, folder) as (first, _):
            first.createStatement().execute("update t set x = 2")
            spark.read.jdbc(f"jdbc:derby:{folder}/derby", table).collect()

    return act


def _meanwhile(
    commit: Callable[[str], object], mode: str = "overwrite", options: dict[str, str] | None = None
) -> Act:
    """A Delta write by Spark, in the midst of which somebody else commits to the same table."""

    def act(spark: SparkSession, folder: Path) -> None:
        table = str(folder / "table")
        write_deltalake(table, ROWS)

        def meddle(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            yield from batches
            commit(table)

        numbers = spark.range(0, 2, 1, 1).mapInArrow(meddle, NUMBERS)
        numbers.write.format("delta").options(**(options or {})).mode(mode).save(table)

    return act


def _same_write_key(table: str) -> None:
    key = CommitProperties(app_transactions=[Transaction("sparkjobs/daily", 7)])
    write_deltalake(table, ROWS, mode="append", commit_properties=key)


def _new_protocol(table: str) -> None:
    from deltalake import TableFeatures  # noqa: PLC0415 (it cannot be pickled)

    DeltaTable(table).alter.add_feature(TableFeatures.AppendOnly, allow_protocol_versions_increase=True)


def _merge_with_two_matches(spark: SparkSession, folder: Path) -> None:
    write_deltalake(folder / "table", ROWS)
    twice = "using (select 1 as id from range(2)) s on t.id = s.id when matched then update set *"
    spark.sql(f"merge into delta.`{folder}/table` t {twice}")


def _slow_broadcast(spark: SparkSession, _: Path) -> None:
    def slowly(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        time.sleep(3)
        yield from batches

    small = spark.range(2).mapInArrow(slowly, NUMBERS)
    spark.conf.set("spark.sql.broadcastTimeout", "1")
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    try:
        spark.range(4).join(F.broadcast(small), on="id", how="inner").collect()
    finally:
        spark.conf.unset("spark.sql.broadcastTimeout")
        spark.conf.unset("spark.sql.adaptive.enabled")


def _cancelled(spark: SparkSession, _: Path) -> None:
    def cancel() -> None:
        while not spark.sparkContext.statusTracker().getActiveJobsIds():
            pass
        spark.sparkContext.cancelAllJobs()

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        spark.sql("select java_method('java.lang.Thread', 'sleep', id * 0 + 3000L) from range(1)").collect()
    finally:
        thread.join()


CONFLICT = [
    "ConcurrentAppendException",
    "ConcurrentDeleteReadException",
    "ConcurrentDeleteDeleteException",
    "ConcurrentTransactionException",
    "ConcurrentWriteException",
]
PASSES: list[tuple[str, Act, str]] = [
    ("connection refused", _refused, "java.net.ConnectException"),
    ("no answer in time", _unanswered, "java.net.SocketTimeoutException"),
    (
        "unknown host",
        lambda spark, _: _jvm(spark).java.net.InetAddress.getByName("nowhere.invalid"),
        "java.net.UnknownHostException",
    ),
    ("HTTP 429", _http(429), "org.apache.http.client.HttpResponseException"),
    ("HTTP 503", _http(503), "org.apache.http.client.HttpResponseException"),
    ("JDBC: lock not had in time", _deadlock, "java.sql.SQLTransactionRollbackException"),
    ("JDBC: the same through Spark", _jdbc_read("t"), "java.sql.SQLTransactionRollbackException"),
    ("broadcast too slow", _slow_broadcast, "java.util.concurrent.TimeoutException"),
    (
        "Delta: appended meanwhile",
        _meanwhile(lambda table: write_deltalake(table, ROWS, mode="append")),
        "io.delta.exceptions.ConcurrentAppendException",
    ),
    (
        "Delta: deleted meanwhile",
        _meanwhile(lambda table: DeltaTable(table).delete()),
        "io.delta.exceptions.ConcurrentDeleteReadException",
    ),
    (
        "Delta: the same write key meanwhile",
        _meanwhile(_same_write_key, "append", {"txnAppId": "sparkjobs/daily", "txnVersion": "7"}),
        "io.delta.exceptions.ConcurrentTransactionException",
    ),
    *[
        (name, _thrown(f"io.delta.exceptions.{name}", "x"), f"io.delta.exceptions.{name}")
        for name in CONFLICT
    ],
    *[
        (name, _thrown(name), name)
        for name in (
            "java.net.NoRouteToHostException",
            "java.net.SocketException",
            "java.net.http.HttpTimeoutException",
            "java.sql.SQLRecoverableException",
            "java.sql.SQLTransientConnectionException",
            "java.util.concurrent.TimeoutException",
            "org.apache.hadoop.ipc.RetriableException",
            "org.apache.hadoop.ipc.StandbyException",
            "org.apache.hadoop.net.ConnectTimeoutException",
        )
    ],
    ("channel closed", _closed, "java.nio.channels.ClosedChannelException"),
    (
        "a name node starts",
        _thrown("org.apache.hadoop.ipc.RemoteException", "org.apache.hadoop.ipc.RetriableException", "x"),
        "org.apache.hadoop.ipc.RemoteException",
    ),
    ("JDBC: PostgreSQL's deadlock", _thrown("java.sql.SQLException", "x", "40P01"), "java.sql.SQLException"),
    ("JDBC: connection lost", _thrown("java.sql.SQLException", "x", "08006"), "java.sql.SQLException"),
]
STAYS: list[tuple[str, Act, str]] = [
    (
        "ANSI cast",
        _collected(lambda numbers: numbers.selectExpr("cast(concat('x', id) as int)")),
        "NumberFormatException",
    ),
    (
        "ANSI cast in a write",
        _written(lambda numbers: numbers.selectExpr("cast(concat('x', id) as int) x")),
        "NumberFormatException",
    ),
    ("division by zero", _collected(lambda numbers: numbers.selectExpr("1 / id")), "ArithmeticException"),
    (
        "overflow",
        _collected(lambda numbers: numbers.selectExpr("cast(id + 2147483647 as int)")),
        "ArithmeticException",
    ),
    (
        "no such date",
        _collected(lambda numbers: numbers.selectExpr("make_date(2026, 13, id)")),
        "DateTimeException",
    ),
    (
        "array index",
        _collected(lambda numbers: numbers.selectExpr("array(1)[id]")),
        "ArrayIndexOutOfBoundsException",
    ),
    (
        "raise_error",
        _collected(lambda numbers: numbers.selectExpr("raise_error('timeout')")),
        "SparkRuntimeException",
    ),
    ("user code", _collected(_user(lambda: ValueError("connection reset"))), "PythonException"),
    (
        "user code whose own call failed",
        _written(_user(lambda: ConnectionResetError(errno.ECONNRESET, "reset"))),
        "PythonException",
    ),
    ("no such column", _collected(lambda numbers: numbers.select("timeout")), "AnalysisException"),
    ("no such path", lambda spark, folder: spark.read.parquet(str(folder / "none")), "AnalysisException"),
    ("no such table", _sql("select * from timeout"), "AnalysisException"),
    ("no SQL", _sql("selec timeout"), "ParseException"),
    ("already there", lambda spark, folder: spark.range(1).write.parquet(str(folder)), "AnalysisException"),
    ("file vanished", _vanished, "java.io.FileNotFoundException"),
    ("file torn", _torn, "java.lang.RuntimeException"),
    (
        "not allowed to write",
        lambda spark, _: spark.range(1).write.parquet("/sys/timeout"),
        "java.io.IOException",
    ),
    ("disk full", _disk_full, "java.io.IOException"),
    (
        "memory",
        lambda spark, _: _java(spark, "java.util.ArrayList", 2147483647),
        "java.lang.OutOfMemoryError",
    ),
    ("HTTP 404", _http(404), "org.apache.http.client.HttpResponseException"),
    ("HTTP 403", _http(403), "org.apache.http.client.HttpResponseException"),
    ("JDBC: no such table", _no_such_table, "java.sql.SQLSyntaxErrorException"),
    ("JDBC: no such table through Spark", _jdbc_read("nowhere"), "java.sql.SQLSyntaxErrorException"),
    ("JDBC: disk full", _thrown("java.sql.SQLException", "x", "53100"), "java.sql.SQLException"),
    ("cancelled", _cancelled, "org.apache.spark.SparkException"),
    (
        "Delta: settings changed meanwhile",
        _meanwhile(
            lambda table: DeltaTable(table).alter.set_table_properties(
                {"delta.logRetentionDuration": "interval 9 days"}
            ),
            "append",
        ),
        "io.delta.exceptions.MetadataChangedException",
    ),
    (
        "Delta: protocol changed meanwhile",
        _meanwhile(_new_protocol, "append"),
        "io.delta.exceptions.ProtocolChangedException",
    ),
    ("Delta: two matches", _merge_with_two_matches, "UnsupportedOperationException"),
    (
        "not allowed",
        _thrown("org.apache.hadoop.security.AccessControlException"),
        "org.apache.hadoop.security.AccessControlException",
    ),
    (
        "no space, by HDFS's quota",
        _thrown("org.apache.hadoop.hdfs.protocol.DSQuotaExceededException"),
        "org.apache.hadoop.hdfs.protocol.DSQuotaExceededException",
    ),
    (
        "another server's refusal",
        _thrown(
            "org.apache.hadoop.ipc.RemoteException",
            "org.apache.hadoop.security.AccessControlException",
            "timeout",
        ),
        "org.apache.hadoop.ipc.RemoteException",
    ),
    ("no reason given", _thrown("java.io.IOException"), "java.io.IOException"),
    (
        "an abort that is not the scheduler's",
        _thrown("org.apache.spark.SparkException"),
        "org.apache.spark.SparkException",
    ),
]


@pytest.mark.parametrize(
    ("act", "kind", "expected"),
    [(*row[1:], True) for row in PASSES] + [(*row[1:], False) for row in STAYS],
    ids=[row[0] for row in PASSES + STAYS],
)
def test_an_error_passes_or_stays(
    spark: SparkSession, tmp_path: Path, act: Act, kind: str, *, expected: bool
) -> None:
    with pytest.raises((Py4JJavaError, PySparkException)) as caught:
        act(spark, tmp_path)
    assert kind in _kinds(caught.value)
    assert transient(caught.value) is expected


def _kinds(error: BaseException) -> list[str]:
    """What `error` is called in Python, and all of its causes in Java."""
    java = next((one for one in (error, error.__context__) if isinstance(one, Py4JJavaError)), None)
    names, one = [type(error).__name__], java.java_exception if java else None
    while one is not None:
        names.append(one.getClass().getName())
        one = one.getCause()
    return names


CLUSTER = """
import os, signal, subprocess, sys, tempfile, threading, time
import pyspark
folder = sys.argv[1]
os.environ |= {"SPARK_WORKER_DIR": folder, "SPARK_LOCAL_DIRS": folder, "SPARK_LOCAL_IP": "127.0.0.1",
               "PYSPARK_PYTHON": sys.executable, "SPARK_HOME": os.path.dirname(pyspark.__file__)}
from pyspark.sql import SparkSession, functions as F
from sparkjobs.transient import transient
from tests.projects import CLASS_PATH, QUICK
builder = SparkSession.builder.master("local-cluster[2,1,1024]")
for key, value in {"ui.enabled": "false", "task.maxFailures": "1", "stage.maxConsecutiveAttempts": "1",
                   "driver.host": "127.0.0.1", "driver.bindAddress": "127.0.0.1",
                   "driver.extraClassPath": CLASS_PATH, "driver.extraJavaOptions": QUICK}.items():
    builder = builder.config(f"spark.{key}", value)
spark = builder.getOrCreate()
tracker, application = spark.sparkContext.statusTracker(), spark.sparkContext.applicationId

def processes(*words):
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            command = open(f"/proc/{name}/cmdline").read()
        except OSError:
            continue
        if all(word in command for word in words):
            yield int(name)

def kill_executors():
    while not ended.wait(0.5):
        stages = map(tracker.getStageInfo, tracker.getActiveStageIds())
        if any(stage and stage.numActiveTasks for stage in stages):
            for pid in processes("CoarseGrainedExecutorBackend", application):
                os.kill(pid, signal.SIGKILL)

def slow(batches):
    time.sleep(20)
    yield from batches

def wrong(batches):
    raise ValueError("executor lost")

def forgetful(batches):
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith("shuffle_"):
                os.remove(os.path.join(place, name))
    yield from batches

def tell(name, act):
    try:
        act()
    except Exception as error:
        print(name, type(error).__name__, transient(error), sep=": ", flush=True)

def rows(act):
    return spark.range(0, 8, 1, 2).mapInArrow(act, "id long")

tell("user code", lambda: rows(wrong).write.parquet(f"{folder}/a"))
tell("files lost", lambda: spark.range(0, 100, 1, 2).repartition(16, "id").mapInArrow(forgetful, "id long")
     .repartition(2).write.parquet(f"{folder}/b"))
ended = threading.Event()
thread = threading.Thread(target=kill_executors)
thread.start()
tell("executor lost", lambda: rows(slow).write.parquet(f"{folder}/c"))
ended.set()
thread.join()
(jvm,) = (pid for pid in processes("org.apache.spark.deploy.SparkSubmit", "pyspark-shell")
          if f"PPid:\\t{os.getpid()}\\n" in open(f"/proc/{pid}/status").read())
for pid in (jvm, *processes("CoarseGrainedExecutorBackend", application)):
    os.kill(pid, signal.SIGKILL)
time.sleep(1)
tell("JVM lost", lambda: spark.range(1).collect())
os._exit(0)
"""


def test_a_lost_executor_passes_and_a_lost_jvm_does_not(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLUSTER, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.stdout.splitlines() == [
        "user code: PythonException: False",
        "files lost: Py4JJavaError: True",
        "executor lost: Py4JJavaError: True",
        "JVM lost: ConnectionRefusedError: False",
    ], done.stderr[-2000:]

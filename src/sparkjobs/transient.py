"""May a failure pass by itself? Decided by class, condition, number and origin, never by a message's text.

Whatever is not known to pass stays: a retry that helps nobody costs time and hides the reason.
"""

import errno
import socket
import urllib.error
from collections.abc import Iterator

from deltalake.exceptions import CommitFailedError
from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JError, Py4JJavaError

_NUMBERS = frozenset(
    {
        errno.EAGAIN,
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.EIO,
        errno.ENETDOWN,
        errno.ENETRESET,
        errno.ENETUNREACH,
        errno.EPIPE,
        errno.EREMOTEIO,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
_HTTP = frozenset({408, 429, 502, 503, 504})
_SQL_STATES = ("08", "40", "53300", "57P01", "57P02", "57P03")
"""Connection, deadlock and serialisation; PostgreSQL: too many connections, shutting down, starting up."""

_PASSES = frozenset(
    {
        "io.netty.handler.timeout.TimeoutException",
        "java.net.SocketException",
        "java.net.SocketTimeoutException",
        "java.net.UnknownHostException",
        "java.net.http.HttpTimeoutException",
        "java.nio.channels.ClosedChannelException",
        "java.sql.SQLRecoverableException",
        "java.sql.SQLTransientException",
        "java.util.concurrent.TimeoutException",
        "org.apache.hadoop.fs.s3a.AWSServiceThrottledException",
        "org.apache.hadoop.fs.s3a.AWSStatus500Exception",
        "org.apache.hadoop.hdfs.server.namenode.SafeModeException",
        "org.apache.hadoop.ipc.RetriableException",
        "org.apache.hadoop.ipc.StandbyException",
        "org.apache.spark.ExecutorDeadException",
        "org.apache.spark.shuffle.FetchFailedException",
        "org.apache.spark.storage.BlockNotFoundException",
        # of Delta: both the family that its API names and the one it throws
        "io.delta.exceptions.DeltaConcurrentModificationException",
        "org.apache.spark.sql.delta.DeltaConcurrentModificationException",
    }
)
"""Java's classes, with all that descend from them."""
_STAYS = frozenset(
    {
        "io.delta.exceptions.MetadataChangedException",
        "io.delta.exceptions.ProtocolChangedException",
        "java.nio.channels.ClosedByInterruptException",
        "org.apache.spark.api.python.PythonException",
        "org.apache.spark.sql.delta.MetadataChangedException",
        "org.apache.spark.sql.delta.ProtocolChangedException",
    }
)
"""What descends from one of those all the same, or is user code whose cause is nobody else's business."""


def transient(error: BaseException) -> bool:
    """Whether what failed with `error` may well succeed when it is tried again in this process."""
    try:
        return _java(java) if (java := _java_exception(error)) else _python(error)
    except (Py4JError, OSError):  # the JVM has gone, so nothing will succeed in this process
        return False


def _java_exception(error: BaseException) -> JavaObject | None:
    """What was thrown in the JVM; PySpark's own exceptions were made while that was handled."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, Py4JJavaError):
        seen = seen.__context__ if type(seen).__module__.startswith(("pyspark.", "delta.")) else None
    return seen.java_exception if seen else None


def _python(error: BaseException) -> bool:
    match error:
        # Also what deltalake says of a table that it cannot write to; those never come to its commit.
        case CommitFailedError():
            return True
        case urllib.error.HTTPError():
            return error.code in _HTTP
        case urllib.error.URLError() if isinstance(error.reason, BaseException):
            return _python(error.reason)
        case socket.gaierror():
            return error.errno == socket.EAI_AGAIN
        case ConnectionError() | TimeoutError():
            return not _is_of_py4j(error)
        case OSError():
            return error.errno in _NUMBERS and not _is_of_py4j(error)
        case _:
            return False


def _is_of_py4j(error: OSError) -> bool:
    """Whether the broken connection is the one to our own JVM, which nothing brings back."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("py4j.")


def _java(thrown: JavaObject) -> bool:
    """The outermost exception of a known kind decides."""
    for one in _causes(thrown):
        names = set(_names(one))
        if names & _STAYS:
            return False
        if names & _PASSES or _by_number(one, names):
            return True
        if "org.apache.spark.SparkException" in names and one.getCause() is None:
            return _aborted(one)
    return False


def _causes(thrown: JavaObject) -> Iterator[JavaObject]:
    """`thrown` and its causes; a chain that bites its own tail is Java's fault, and ends here too."""
    one: JavaObject | None = thrown
    for _ in range(50):
        if one is None:
            return
        yield one
        one = one.getCause()


def _names(thrown: JavaObject) -> Iterator[str]:
    """The class of `thrown` and those above it; of what a server has thrown, the class there too."""
    kind = thrown.getClass()
    while kind is not None:
        yield str(kind.getName())
        kind = kind.getSuperclass()
    if thrown.getClass().getName() == "org.apache.hadoop.ipc.RemoteException":
        yield str(thrown.getClassName())


def _by_number(thrown: JavaObject, names: set[str]) -> bool:
    if "java.sql.SQLException" in names:
        return str(thrown.getSQLState()).startswith(_SQL_STATES)
    for method in ("getStatusCode", "statusCode"):
        if any(one.getName() == method for one in thrown.getClass().getMethods()):
            return getattr(thrown, method)() in _HTTP
    return False


def _aborted(thrown: JavaObject) -> bool:
    """Whether Spark gave up a stage though no task of it failed: its executors or their files were lost.

    Such an exception has neither condition nor cause; only where it was made tells it from others.
    """
    made = thrown.getStackTrace()
    return (
        thrown.getCondition() is None
        and len(made) > 0
        and made[0].getClassName() == "org.apache.spark.scheduler.DAGScheduler"
        and "abortStage" in made[0].getMethodName()
    )

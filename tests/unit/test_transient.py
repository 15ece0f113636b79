"""Which failures of Python's own side pass by themselves: each row is raised as it would be raised."""

import errno
import http.server
import json
import os
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, TableFeatures, write_deltalake
from deltalake.exceptions import CommitFailedError, SchemaMismatchError, TableNotFoundError
from py4j.protocol import Py4JError, Py4JNetworkError
from pyspark.errors import PySparkTypeError, PySparkValueError

from sparkjobs.errors import DamagedStateError, FunctionError, LockHeldError, StateMovedError
from sparkjobs.state.durable import read_json
from sparkjobs.state.lock import locked
from sparkjobs.transient import transient

Act = Callable[[Path], object]
ROWS = pa.table({"id": [1, 2]})


@contextmanager
def _listening(*, resets: bool = False) -> Iterator[int]:
    """A port on which somebody listens and never answers, or breaks each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reset() -> None:
            connection, _ = server.accept()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()

        thread = threading.Thread(target=reset if resets else int)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def _connect(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=0.2) as connection:
        return connection.recv(1)


def _refused(_: Path) -> None:
    with _listening() as port:
        pass
    _connect(port)


def _reset(_: Path) -> None:
    with _listening(resets=True) as port:
        _connect(port)


def _unanswered(_: Path) -> None:
    with _listening() as port:
        _connect(port)


def _refused_url(_: Path) -> None:
    with _listening() as port:
        pass
    urllib.request.urlopen(f"http://127.0.0.1:{port}/")


def _http(status: int) -> Act:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    def act(_: Path) -> None:
        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/")
            except urllib.error.HTTPError as error:
                error.close()
                raise
            finally:
                thread.join()

    return act


def _would_block(_: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    try:
        os.read(reader, 1)
    finally:
        os.close(reader)
        os.close(writer)


def _write(path: str) -> Act:
    def act(_: Path) -> None:
        handle = os.open(path, os.O_WRONLY)
        try:
            os.write(handle, b"x")
        finally:
            os.close(handle)

    return act


def _broken_pipe(_: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        os.write(writer, b"x")
    finally:
        os.close(writer)


def _number(number: int) -> Act:
    """The operating system's error `number`, where no machine gives it on demand."""

    def act(_: Path) -> None:
        raise OSError(number, os.strerror(number))

    return act


def _raised(error: Exception) -> Act:
    def act(_: Path) -> None:
        raise error

    return act


def _stale_overwrite(folder: Path) -> None:
    write_deltalake(folder, ROWS)
    first, second = DeltaTable(folder), DeltaTable(folder)
    write_deltalake(first, ROWS, mode="overwrite")
    write_deltalake(second, ROWS, mode="overwrite")


def _unknown_feature(folder: Path) -> None:
    write_deltalake(folder, ROWS)
    handle = DeltaTable(folder)
    protocol = {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": [],
        "writerFeatures": ["dream"],
    }
    (folder / "_delta_log/00000000000000000001.json").write_text(json.dumps({"protocol": protocol}))
    handle.update_incremental()
    write_deltalake(handle, ROWS, mode="append")


def _protocol_changed(folder: Path) -> None:
    write_deltalake(folder, ROWS)
    handle = DeltaTable(folder)
    DeltaTable(folder).alter.add_feature(TableFeatures.AppendOnly, allow_protocol_versions_increase=True)
    write_deltalake(handle, ROWS, mode="append")


def _append_only(folder: Path) -> None:
    write_deltalake(folder, ROWS, configuration={"delta.appendOnly": "true"})
    write_deltalake(folder, ROWS, mode="overwrite")


def _other_columns(folder: Path) -> None:
    write_deltalake(folder, ROWS)
    write_deltalake(folder, pa.table({"name": ["x"]}), mode="append")


def _damaged(folder: Path) -> None:
    (folder / "x.json").write_text("{")
    read_json(folder / "x.json")


def _held(folder: Path) -> None:
    with locked("daily", folder, "run-1"), locked("daily", folder, "run-2"):
        """Not reached."""


def _torn(folder: Path) -> None:
    (folder / "x.parquet").write_bytes(b"PAR1 and no more")
    pq.read_table(folder / "x.parquet")


ERRORS: list[tuple[str, Act, type[Exception], bool]] = [
    ("connection refused", _refused, ConnectionRefusedError, True),
    ("connection reset", _reset, ConnectionResetError, True),
    ("no answer in time", _unanswered, TimeoutError, True),
    ("broken pipe", _broken_pipe, BrokenPipeError, True),
    ("refused under a URL", _refused_url, urllib.error.URLError, True),
    ("HTTP 429", _http(429), urllib.error.HTTPError, True),
    ("HTTP 503", _http(503), urllib.error.HTTPError, True),
    ("HTTP 403", _http(403), urllib.error.HTTPError, False),
    ("HTTP 404", _http(404), urllib.error.HTTPError, False),
    ("HTTP 501", _http(501), urllib.error.HTTPError, False),
    ("name server busy", _raised(socket.gaierror(socket.EAI_AGAIN, "busy")), socket.gaierror, True),
    ("no such host", _raised(socket.gaierror(socket.EAI_NONAME, "none")), socket.gaierror, False),
    ("EAGAIN", _would_block, BlockingIOError, True),
    ("EIO", _write("/proc/version"), OSError, True),
    ("ESTALE", _number(errno.ESTALE), OSError, True),
    ("ETIMEDOUT", _number(errno.ETIMEDOUT), TimeoutError, True),
    ("EHOSTUNREACH", _number(errno.EHOSTUNREACH), OSError, True),
    ("disk full", _write("/dev/full"), OSError, False),
    ("quota", _number(errno.EDQUOT), OSError, False),
    ("read-only", _number(errno.EROFS), OSError, False),
    ("not allowed", lambda _: Path("/sys/x").write_text("x"), PermissionError, False),
    ("not there", lambda folder: (folder / "no/file").read_text(), FileNotFoundError, False),
    ("a folder", lambda folder: folder.read_text(), IsADirectoryError, False),
    ("too many files", _number(errno.EMFILE), OSError, False),
    ("error without a number", _raised(OSError("503 timeout, connection reset")), OSError, False),
    ("Delta: stale overwrite", _stale_overwrite, CommitFailedError, True),
    ("Delta: protocol changed", _protocol_changed, CommitFailedError, True),
    # One class for all: publish.delta asks for protocol and settings first, and gives these to the JVM.
    ("Delta: append only", _append_only, CommitFailedError, True),
    ("Delta: unknown feature", _unknown_feature, CommitFailedError, True),
    ("Delta: other columns", _other_columns, SchemaMismatchError, False),
    ("Delta: no table", lambda folder: DeltaTable(folder / "none"), TableNotFoundError, False),
    ("Parquet: torn file", _torn, pa.ArrowInvalid, False),
    ("Spark: wrong type", _raised(PySparkTypeError("timeout")), PySparkTypeError, False),
    ("Spark: wrong value", _raised(PySparkValueError("timeout")), PySparkValueError, False),
    ("py4j: no connection", _raised(Py4JNetworkError("connection reset")), Py4JNetworkError, False),
    ("py4j: no such method", _raised(Py4JError("connection reset")), Py4JError, False),
    ("ours: damaged state", _damaged, DamagedStateError, False),
    ("ours: lock held", _held, LockHeldError, False),
    ("ours: moved", _raised(StateMovedError("daily", 1, 2)), StateMovedError, False),
    ("ours: user code", _raised(FunctionError("daily", "x.py:1", "timeout")), FunctionError, False),
    ("a bug", lambda folder: {folder: 1}[folder / "timeout"], KeyError, False),
    ("memory", lambda _: bytearray(1 << 60), MemoryError, False),
]


@pytest.mark.parametrize(
    ("act", "kind", "expected"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS]
)
def test_an_error_passes_or_stays(tmp_path: Path, act: Act, kind: type[Exception], *, expected: bool) -> None:
    with pytest.raises(kind) as caught:
        act(tmp_path)

    assert transient(caught.value) is expected

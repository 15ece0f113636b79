"""A real Spark standalone cluster on loopback: one master, two workers of one core and 1 GB each.

pip's PySpark has no start scripts, but `spark-class` and the classes are there.
`python -m tests.cluster.standalone start|stop` keeps one in target/cluster.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pyspark

FOLDER = Path("target/cluster")
WORKERS = 2
_START_S = 120.0
_STOP_S = 10.0
_CLASSES = "org.apache.spark.deploy."


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running cluster: its master's URL, the pids that lead its process groups, where it writes."""

    url: str
    pids: tuple[int, ...]
    folder: Path


def start(folder: Path) -> Cluster:
    """Start a cluster that writes only into `folder`, and wait until both workers are registered.

    Raises:
        RuntimeError: it did not come up; its logs are told.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    port, webui = free_ports(2)
    url = f"spark://127.0.0.1:{port}"
    here = ("--host", "127.0.0.1")
    master = (f"{_CLASSES}master.Master", *here, "--port", str(port), "--webui-port", str(webui))
    size = ("--cores", "1", "--memory", "1g", "--webui-port", "0")
    worker = (f"{_CLASSES}worker.Worker", *here, *size, "--work-dir", str(folder / "work"), url)
    pids = [_spawn(folder, "master", master)]
    cluster = Cluster(url, tuple(pids), folder)
    try:
        _await(cluster, webui, workers=0)
        pids += [_spawn(folder, f"worker-{number}", worker) for number in range(WORKERS)]
        cluster = Cluster(url, tuple(pids), folder)
        _await(cluster, webui, workers=WORKERS)
    except BaseException:
        stop(Cluster(url, tuple(pids), folder))
        raise
    return cluster


def stop(cluster: Cluster) -> None:
    """End the cluster and what it has started: whole process groups, politely, then not."""
    ours = [pid for pid in cluster.pids if _is_of(cluster, pid)]
    for number, patience in ((signal.SIGTERM, _STOP_S), (signal.SIGKILL, _STOP_S)):
        for pid in ours:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, number)
        until = time.monotonic() + patience
        while ours and time.monotonic() < until:
            ours = [pid for pid in ours if _group_lives(pid)]
            time.sleep(0.05)


def _spawn(folder: Path, name: str, command: tuple[str, ...]) -> int:
    """Start `command` in a process group of its own; it outlives this process."""
    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    log = str(folder / f"{name}.log")
    files = (
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    )
    env = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(folder),  # a project's spark-defaults.conf is not the cluster's
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # it does little
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false",  # it would open a fixed port
    }
    return os.posix_spawn(spark_class, [spark_class, *command], env, file_actions=files, setpgroup=0)


def _await(cluster: Cluster, webui: int, workers: int) -> None:
    until = time.monotonic() + _START_S
    while _alive_workers(webui) < workers:
        if time.monotonic() > until or not all(_group_lives(pid) for pid in cluster.pids):
            logs = [f"{log.name}:\n{log.read_text()[-2000:]}" for log in cluster.folder.glob("*.log")]
            raise RuntimeError("\n".join([f"no cluster at {cluster.url}", *logs]))
        time.sleep(0.2)


def _alive_workers(webui: int) -> int:
    """How many workers the master speaks of; -1 while it does not speak."""
    connection = http.client.HTTPConnection("127.0.0.1", webui, timeout=5)
    try:
        connection.request("GET", "/json/")
        return int(json.loads(connection.getresponse().read())["aliveworkers"])
    except (OSError, http.client.HTTPException, ValueError):
        return -1
    finally:
        connection.close()


def _is_of(cluster: Cluster, pid: int) -> bool:
    """Whether `pid` is still a process of `cluster`, and no stranger's that has got its number."""
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)  # noqa: PLW1510
    return _CLASSES in shown.stdout and cluster.url.rpartition(":")[2] in shown.stdout


def _group_lives(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):  # not our child when another process has started it
        os.waitpid(pid, os.WNOHANG)
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def main(verb: str) -> None:
    """Start or stop the cluster of target/cluster."""
    state = FOLDER / "cluster.json"
    if state.is_file():
        kept = json.loads(state.read_text(encoding="utf-8"))
        cluster = Cluster(kept["url"], tuple(kept["pids"]), Path(kept["folder"]))
        if verb == "start" and all(_is_of(cluster, pid) for pid in cluster.pids):
            _tell(cluster)
            return
        stop(cluster)
        state.unlink()
    if verb == "start":
        shutil.rmtree(FOLDER, ignore_errors=True)
        cluster = start(FOLDER)
        facts = {**asdict(cluster), "folder": str(cluster.folder)}
        state.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        _tell(cluster)


def _tell(cluster: Cluster) -> None:
    sys.stdout.write(
        f"{cluster.url}\n"
        f"SPARK_CONF_DIR=conf SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$PWD/.venv/bin/python \\\n"
        f"  .venv/bin/spark-submit --master {cluster.url} --py-files target/sparkjobs.zip \\\n"
        f"  main.py run --set paths.warehouse={FOLDER}/warehouse\n"
    )


if __name__ == "__main__":
    if sys.argv[1:] not in (["start"], ["stop"]):
        sys.exit("usage: python -m tests.cluster.standalone start|stop")
    main(sys.argv[1])

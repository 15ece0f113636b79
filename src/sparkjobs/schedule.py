"""Jobs side by side: each starts in a thread once all that it reads has ended."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue

from sparkjobs.plan import JobPlan
from sparkjobs.results import JobResult
from sparkjobs.stop import on_sigterm

Work = Callable[[JobPlan, Mapping[str, JobResult]], JobResult]
"""Runs a job, or skips it, by the results of those that have ended before it."""
_News = Future[JobResult] | None
"""What has ended; None for SIGTERM."""
_TURN_S = 0.2


def side_by_side(
    jobs: Sequence[JobPlan], threads: int, work: Work, stop: Callable[[Collection[str]], None]
) -> dict[str, JobResult]:
    """The results of `jobs`, at most `threads` of which run at a time.

    `stop` gets the names of the running ones when SIGTERM comes, or an error that is no job's own. It
    makes them end soon, and those skip that `work` is still called with; no thread outlives this call.
    """
    results: dict[str, JobResult] = {}
    running: dict[Future[JobResult], str] = {}
    news: SimpleQueue[_News] = SimpleQueue()
    # the handler does no more than that: it may come in the midst of anything
    with on_sigterm(lambda: news.put(None)), ThreadPoolExecutor(threads) as pool:
        try:
            while len(results) < len(jobs):
                for job in ready(jobs, results, running.values())[: threads - len(running)]:
                    future = pool.submit(work, job, dict(results))
                    running[future] = job.name
                    future.add_done_callback(news.put)
                if ended := _next(news):
                    results[running.pop(ended)] = ended.result()
                else:
                    stop(running.values())
        finally:
            if running:
                stop(running.values())
    return results


def _next(news: SimpleQueue[_News]) -> _News:
    while True:
        # in turns: a signal that came just before a wait, or to another thread, is only seen after it
        with suppress(Empty):
            return news.get(timeout=_TURN_S)


def ready(jobs: Sequence[JobPlan], ended: Collection[str], running: Collection[str]) -> list[JobPlan]:
    """The jobs that could start now, in the plan's order: all that they wait for has ended."""
    return [
        job
        for job in jobs
        if job.name not in ended and job.name not in running and all(name in ended for name in job.upstream)
    ]

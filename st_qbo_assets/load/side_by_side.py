"""Doing jobs of one load side by side.

What belongs here: the threads. What does not: which jobs may be done so (`day`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed


def run_jobs(jobs: Sequence[Callable[[], object]], *, workers: int) -> None:
    """Do jobs by so many threads; what one raises goes up at once, and what has not begun is left."""
    if workers == 1 or len(jobs) < 2:
        for job in jobs:
            job()
        return
    with ThreadPoolExecutor(max_workers=min(workers, len(jobs)), thread_name_prefix="load") as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise

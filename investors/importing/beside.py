"""Two steps of a pipeline side by side: while one chunk is written, the next one is read.

Most of writing is waiting for PostgreSQL, which has a core of its own to work on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

Work = Callable[[], None]


@contextmanager
def beside() -> Iterator[Callable[[Work], None]]:
    """A function that hands work over to a second thread, which has its own connection, and
    returns at once; it waits first for the work handed over before. So at most one piece of work
    is running and one is being prepared, and they are done in order.

    What a piece of work raises comes out of the next call, or of the end of the block. Inside a
    transaction, whose changes another connection could not see, work is done on the spot.
    """
    if connection.in_atomic_block:
        yield lambda work: work()
        return
    running: list[Future[None]] = []

    def hand_over(work: Work) -> None:
        while running:
            running.pop().result()
        running.append(pool.submit(work))

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-writer") as pool:
        try:
            yield hand_over
            while running:
                running.pop().result()
        finally:
            pool.submit(lambda: connection.close()).result()  # its own, not ours

"""Sends what is due over HTTP, beside the servers in their event loop.

Belongs here: the loop, the threads that wait for receivers, one POST. Does not belong here: what is due when
(`webhooks.py`).
"""

from __future__ import annotations

import asyncio
import http.client
import logging
from urllib.parse import urlsplit

from st_qbo_sandbox.webhooks import Parcel, Webhooks

_LOOK_SECONDS = 0.05
_MOST_AT_ONCE = 8
_logger = logging.getLogger(__name__)


def post(parcel: Parcel) -> tuple[int | None, str]:
    """Send one call; return the status, None if no answer came in time, and the first words of it."""
    parts = urlsplit(parcel.url)
    maker = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = maker(parts.hostname or "", parts.port, timeout=parcel.timeout_seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body=parcel.body, headers=parcel.headers)
        answer = connection.getresponse()
        return answer.status, answer.read(200).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return None, type(error).__name__
    finally:
        connection.close()


def send_due(webhooks: Webhooks) -> int:
    """Send what is due now, one after another, and return how many calls that were; needs no server."""
    sent = 0
    for parcel in webhooks.take_due():
        webhooks.settle(parcel, *post(parcel))
        sent += 1
    webhooks.commit()
    return sent


async def send_until_cancelled(webhooks: Webhooks) -> None:
    """Send what becomes due, several receivers at a time, for as long as the task lives.

    Everything but the waiting happens in this loop, in which the storage lives too.
    """
    running: set[asyncio.Task[None]] = set()

    async def send(parcel: Parcel) -> None:
        status, said = await asyncio.to_thread(post, parcel)
        webhooks.settle(parcel, status, said)
        webhooks.commit()

    try:
        while True:
            if not webhooks.is_idle and len(running) < _MOST_AT_ONCE:
                for parcel in webhooks.take_due(most=_MOST_AT_ONCE - len(running)):
                    task = asyncio.create_task(send(parcel))
                    running.add(task)
                    task.add_done_callback(running.discard)
                webhooks.commit()
            await asyncio.sleep(_LOOK_SECONDS if not running else _LOOK_SECONDS / 10)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

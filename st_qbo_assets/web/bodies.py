"""Bodies of requests, bounded in size and time.

What belongs here: reading one. What does not: what is in it.
"""

import asyncio

from starlette.requests import ClientDisconnect, Request

LARGEST_BYTES = 1024 * 1024
#: The vendors send at once; whoever drips must not hold a place.
_SECONDS = 15.0


class TooLarge(Exception):  # noqa: N818 - it is an answer, 413
    """A body of more than 1 MiB."""


class TooSlow(Exception):  # noqa: N818 - it is an answer, 408
    """A body that does not end, or whose sender went away."""


async def read_body(request: Request, *, largest_bytes: int = LARGEST_BYTES) -> bytes:
    """Return the raw body.

    Raises:
        TooLarge: if it is announced or turns out to be larger; nothing more of it is read then.
        TooSlow: if it does not come.
    """
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and (len(announced) > 9 or int(announced) > largest_bytes):
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > largest_bytes:
                    raise TooLarge
                parts.append(part)
    except (TimeoutError, ClientDisconnect) as error:
        raise TooSlow from error
    return b"".join(parts)

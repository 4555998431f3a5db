"""Calls over HTTP with pooled sessions and explicit timeouts.

What belongs here: sending one request and saying plainly what became of it. What does not: what a
status or body means to a vendor, and trying again (`retry`).

    what happened                                    read             write
    no connection, no name, bad certificate          TransportError   TransportError   (nothing was sent)
    timeout, reset, half an answer, 5xx              TransportError   UncertainOutcome
    any other status                                 Response         Response
"""

import logging
import re
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import requests
import requests.adapters
import requests.auth
import urllib3.exceptions

from st_qbo_assets.domain.errors import TransportError, UncertainOutcome
from st_qbo_assets.transport.decimal_json import read_json
from st_qbo_assets.transport.redaction import RedactingFilter, redact, redact_headers

_log = logging.getLogger(__name__)
_SERVER_ERROR = 500
_TAG = re.compile(r"<[^>]*>")
#: The library logs whole addresses at its lowest level.
_LIBRARY_LOG = logging.getLogger("urllib3.connectionpool")
_LIBRARY_FILTER = RedactingFilter()


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait for a connection and for each part of an answer.

    Both vendors give up on their side after 100 and 120 s; we listen a little longer, so that a slow
    write ends with its answer and not with doubt.
    """

    connect_seconds: float = 10.0
    read_seconds: float = 130.0


@dataclass(frozen=True)
class Request:
    """One HTTP request.

    Attributes:
        is_write: whether it may change something; decides what a lost answer means.
        params: query parameters in order; encoded here, a space as %20 and a plus as %2B.
    """

    method: str
    url: str
    is_write: bool
    params: Sequence[tuple[str, str]] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: bytes | None = field(default=None, repr=False)

    @property
    def full_url(self) -> str:
        """The address with its query string."""
        if not self.params:
            return self.url
        return f"{self.url}?{urlencode(list(self.params), quote_via=quote, safe='')}"


@dataclass(frozen=True)
class Response:
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)
    seconds: float = 0.0

    def json(self) -> Any:
        """Return the parsed body, or None if it is empty, HTML or otherwise no JSON."""
        try:
            return read_json(self.text)
        except ValueError:
            return None

    @property
    def start(self) -> str:
        """The first words of the body on one line, redacted; enough to recognise a failure by.

        Of a page for browsers, which proxies answer with, its words are kept and said once.
        """
        text = self.text[:2000]
        if text.lstrip().startswith("<"):
            words = dict.fromkeys(word.strip() for word in _TAG.split(text))
            text = " ".join(word for word in words if word)
        return redact(" ".join(text.split()))[:200]

    @property
    def retry_after_seconds(self) -> float | None:
        """What `Retry-After` says, as seconds; a date is read against the answer's own `Date`."""
        value = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d+(\.\d+)?", value):
            return float(value)
        try:
            until = parsedate_to_datetime(value)
            return max(0.0, (until - parsedate_to_datetime(self.headers.get("date", ""))).total_seconds())
        except (ValueError, TypeError):
            return None


@dataclass(frozen=True)
class Exchange:
    """A request and what became of it, redacted, for whoever records calls."""

    method: str
    url: str
    status: int
    seconds: float
    request_headers: Mapping[str, str]
    request_body: str
    response_headers: Mapping[str, str]
    response_body: str


class Sender(Protocol):
    """What the clients need of `Http`."""

    def send(self, request: Request) -> Response:
        """Return the answer of any status below 500, or raise as `Http.send` does."""
        ...


class _NoAuth(requests.auth.AuthBase):
    """Keeps requests from putting credentials of a `.netrc` over ours."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


class Http:
    """A pool of connections; safe to share between threads, one for each run.

    Cookies are neither kept nor sent, redirects not followed: both would carry one company's call
    into another's, or a token to another host.
    """

    def __init__(
        self,
        *,
        pool_size: int = 10,
        timeouts: Timeouts | None = None,
        recorder: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        self._recorder = recorder
        _LIBRARY_LOG.addFilter(_LIBRARY_FILTER)
        self._session = requests.Session()
        self._session.auth = _NoAuth()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = requests.adapters.HTTPAdapter(
            pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __enter__(self) -> "Http":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def send(self, request: Request) -> Response:
        """Return the answer of any status below 500.

        Raises:
            TransportError: nothing was sent, or a read failed; another try helps.
            UncertainOutcome: a write was sent and its answer lost, or the server failed.
        """
        started = time.monotonic()
        try:
            answer = self._session.request(
                request.method,
                request.full_url,
                data=request.body,
                headers={"Accept-Encoding": "gzip, deflate", **request.headers},
                timeout=(self._timeouts.connect_seconds, self._timeouts.read_seconds),
                allow_redirects=False,
            )
            text = _decode(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            self._note(request, None, time.monotonic() - started)
            raise _network_error(error, request) from _Redacted.of(error)
        response = Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            text=text,
            seconds=time.monotonic() - started,
        )
        self._note(request, response, response.seconds)
        if response.status >= _SERVER_ERROR:
            raise _server_error(response, request)
        return response

    def _note(self, request: Request, response: Response | None, seconds: float) -> None:
        status = response.status if response else 0
        _log.debug(
            "http method=%s url=%s status=%d seconds=%.3f",
            request.method,
            redact(request.url),
            status,
            seconds,
        )
        if self._recorder is None:
            return
        self._recorder(
            Exchange(
                method=request.method,
                url=redact(request.full_url),
                status=status,
                seconds=seconds,
                request_headers=redact_headers(request.headers),
                request_body=redact((request.body or b"").decode("utf-8", "replace")),
                response_headers=redact_headers(response.headers if response else {}),
                response_body=redact(response.text if response else ""),
            )
        )


def trace_id(headers: Mapping[str, str]) -> str:
    """Return the vendor's id of the call, empty if it gave none."""
    return headers.get("intuit_tid") or headers.get("x-request-id") or headers.get("traceparent") or ""


class _Redacted(Exception):  # noqa: N818 - a stand-in for somebody else's exception, not one of ours
    """What a library said, without the addresses and headers its exceptions carry along."""

    @classmethod
    def of(cls, error: Exception) -> "_Redacted":
        return cls(redact(f"{type(error).__name__}: {error}"))


def _decode(answer: requests.Response) -> str:
    """Return the body as text: the declared charset, else UTF-8, else Latin-1, which never fails."""
    content = answer.content
    declared = re.search(r"charset=\"?([\w.:-]+)", answer.headers.get("Content-Type", ""), re.IGNORECASE)
    for charset in (declared[1] if declared else "utf-8", "utf-8"):
        try:
            return content.decode(charset)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("latin-1")


def _network_error(error: Exception, request: Request) -> TransportError:
    what = redact(f"{request.method} {request.url}: {type(error).__name__}: {error}")
    if not request.is_write or _never_sent(error):
        return TransportError(f"no answer to {what}")
    return UncertainOutcome(f"sent, but the answer was lost: {what}")


def _server_error(response: Response, request: Request) -> TransportError:
    what = f"{request.method} {redact(request.url)} was answered with {response.status} {response.start}"
    kind = UncertainOutcome if request.is_write else TransportError
    return kind(what.rstrip(), status=response.status, remote_request_id=trace_id(response.headers))


def _never_sent(error: BaseException) -> bool:
    """Say whether the failure certainly came before the request left us.

    Only what the library itself wrapped is looked through, never `__context__`: that may be an
    earlier failure which the caller was handling when it made this call.
    """
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        return True
    seen: list[BaseException] = [error]
    for item in seen:
        if isinstance(
            item,
            (
                requests.exceptions.ConnectTimeout,
                urllib3.exceptions.NewConnectionError,
                urllib3.exceptions.ConnectTimeoutError,
                urllib3.exceptions.NameResolutionError,
                ssl.SSLCertVerificationError,
                ConnectionRefusedError,
            ),
        ):
            return True
        inner = [item.__cause__, getattr(item, "reason", None), *item.args]
        seen.extend(found for found in inner if isinstance(found, BaseException) and found not in seen)
    return False

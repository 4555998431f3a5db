"""Who may see the Connect pages, and that a form was sent from one of them.

What belongs here: hosts, login, the browser's session, the token in every form. What does not: what the
pages do.

    configured                              who may
    nothing, public address on this machine whoever sits at it: loopback, by a local name, not forwarded
    nothing, public address elsewhere       nobody: a proxy cannot be told from a person at this machine
    ST_QBO_WEB_SECRET                       who knows the secret
    ST_QBO_WEB_PROXY_HEADER                 whom the proxy vouches for

A request under any host but ours is refused, so that no other site can point its name at this machine. A form
must carry the token of its session, and come from our own pages if the browser says where it comes from.
"""

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from st_qbo_assets.settings import Settings
from st_qbo_assets.web.failures import Failures

_COOKIE = "st_qbo_session"
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via", "cf-connecting-ip")
_LOGIN_SECONDS = 8 * 3600.0
_MOST_SESSIONS = 10_000
_MOST_LOGIN_FAILURES = 10


class Refused(Exception):  # noqa: N818 - it is an answer, 403 or 400
    """The request may not be answered; the message is for the person.

    Attributes:
        status: of the answer.
    """

    def __init__(self, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.status = status


class LoginNeeded(Exception):  # noqa: N818 - it leads to the login page
    """Who asks has not given the secret."""


@dataclass
class Session:
    """What is known of a browser.

    Attributes:
        id: the value of its cookie.
        is_new: whether the cookie has still to be set.
        is_secure: whether it goes over https only.
        user: who the proxy says it is, for the log.
        messages: what is shown on the next page: kind and text.
    """

    id: str
    is_new: bool
    is_secure: bool = False
    user: str = ""
    logged_in_until: float = 0.0
    messages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


class Access:
    """Lets requests to the pages in, or refuses them."""

    def __init__(self, settings: Settings, *, now: Callable[[], float] = time.monotonic) -> None:
        """Judge by these settings."""
        self._secret = settings.web_secret
        self._proxy_header = settings.web_proxy_header
        self._public = urlsplit(settings.public_url)
        self._listens_locally = _is_loopback(settings.web_host)
        self._port = settings.ports.web
        self._now = now
        self._sign = secrets.token_bytes(32)
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._failures = Failures(_MOST_LOGIN_FAILURES)

    @property
    def has_login(self) -> bool:
        """Whether there is a secret to ask for."""
        return self._secret is not None

    def session(self, request: Request) -> Session:
        """Return the browser's session; a new one if it brings none we know.

        Raises:
            Refused: if the request came by a name that is not ours.
        """
        self._check_host(request)
        is_secure = self._is_secure(request)
        found = self._sessions.get(request.cookies.get(_cookie_name(is_secure=is_secure), ""))
        if found is not None:
            self._sessions.move_to_end(found.id)
            found.is_new = False
            return found
        return self._new_session(is_secure=is_secure)

    def admit(self, request: Request) -> Session:
        """Return the session of somebody who may see the pages.

        Raises:
            Refused: if nobody may, or not from there.
            LoginNeeded: if the secret was not given.
        """
        session = self.session(request)
        if self._is_vouched_for(request, session):
            return session
        if self._secret is not None:
            if session.logged_in_until > self._now():
                return session
            raise LoginNeeded
        if self._proxy_header is not None:
            raise Refused("The reverse proxy did not say who you are.")
        if not self._listens_locally or (self._public.hostname or "") not in _LOCAL_HOSTS:
            raise Refused(
                "These pages can be reached from outside and nothing guards them. Set ST_QBO_WEB_SECRET, or "
                "ST_QBO_WEB_PROXY_HEADER behind a proxy that asks who is there, and start again."
            )
        if not _is_at_this_machine(request):
            raise Refused("These pages are for this machine only, unless ST_QBO_WEB_SECRET is set.")
        return session

    def check_form(self, request: Request, session: Session, token: str) -> None:
        """Return if a form was sent from one of our pages to this browser.

        Raises:
            Refused: if not.
        """
        site = request.headers.get("sec-fetch-site", "same-origin")
        origin = request.headers.get("origin")
        if site not in ("same-origin", "none") or (origin is not None and origin not in self._origins()):
            raise Refused("The form was sent from another site.")
        if not hmac.compare_digest(self.token(session).encode(), token.encode("utf-8", "replace")):
            raise Refused("The page is too old. Open it again and repeat what you did.")

    def token(self, session: Session) -> str:
        """Return what every form of a session carries."""
        return hmac.new(self._sign, session.id.encode(), hashlib.sha256).hexdigest()

    def log_in(self, request: Request, given: str) -> Session:
        """Return a new session for somebody who knows the secret.

        Raises:
            Refused: if it is wrong, or was wrong too often.
        """
        address = request.client.host if request.client else ""
        if self._failures.is_blocked(address):
            raise Refused("Too many wrong tries. Wait a minute.", status=429)
        known = self._secret.get_secret_value() if self._secret is not None else ""
        if not known or not hmac.compare_digest(known.encode(), given.encode("utf-8", "replace")):
            self._failures.add(address)
            raise Refused("This is not the secret.")
        session = self._new_session(
            is_secure=self._is_secure(request)
        )  # never the one somebody may have planted before
        session.logged_in_until = self._now() + _LOGIN_SECONDS
        return session

    def log_out(self, session: Session) -> None:
        """Forget a session."""
        self._sessions.pop(session.id, None)

    def keep(self, session: Session, response: Response) -> None:
        """Give the browser its cookie."""
        if session.is_new:
            response.set_cookie(
                _cookie_name(is_secure=session.is_secure),
                session.id,
                path="/",
                httponly=True,
                samesite="lax",
                secure=session.is_secure,
            )

    def _is_secure(self, request: Request) -> bool:
        """Say whether the browser is at the public address and that is https."""
        return self._public.scheme == "https" and _host_of(request) == self._public.netloc.lower()

    def _new_session(self, *, is_secure: bool) -> Session:
        session = Session(secrets.token_urlsafe(32), is_new=True, is_secure=is_secure)
        self._sessions[session.id] = session
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def _is_vouched_for(self, request: Request, session: Session) -> bool:
        if self._proxy_header is None:
            return False
        name, expected = self._proxy_header
        given = request.headers.get(name, "")
        wanted = expected.get_secret_value()
        if not given or (wanted and not hmac.compare_digest(wanted.encode(), given.encode())):
            return False
        if not wanted and not self._listens_locally:
            return False  # anybody on the network could say so
        session.user = "" if wanted else given[:80]
        return True

    def _check_host(self, request: Request) -> None:
        host = urlsplit(f"//{_host_of(request)}")
        try:
            name = host.hostname or ""
        except ValueError:
            name = ""
        if name in _LOCAL_HOSTS or name == (self._public.hostname or ""):
            return
        raise Refused("This host is not known here: use the address of ST_QBO_PUBLIC_URL.", status=421)

    def _origins(self) -> set[str]:
        local = {f"http://{host}:{self._port}" for host in ("localhost", "127.0.0.1", "[::1]")}
        return {f"{self._public.scheme}://{self._public.netloc}", *local}


def _cookie_name(*, is_secure: bool) -> str:
    # With this prefix a browser takes the cookie over https and from this very host only.
    return f"__Host-{_COOKIE}" if is_secure else _COOKIE


def _host_of(request: Request) -> str:
    return request.headers.get("host", "").lower()


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _is_at_this_machine(request: Request) -> bool:
    """Say whether the request comes from this machine itself and no proxy stands in between."""
    client = request.client.host if request.client else ""
    name = urlsplit(f"//{_host_of(request)}").hostname or ""
    is_forwarded = any(header in request.headers for header in _FORWARDED)
    return _is_loopback(client) and name in _LOCAL_HOSTS and not is_forwarded

"""The Connect pages: what each address does.

What belongs here: reading a form, calling `connecting`, saying what came of it. What does not: who may
(`access`), what is shown (`views`), and the steps themselves (`connecting`).

    browser                              here                                        Intuit
    POST …/quickbooks                →   a ticket, good once for a minute
    GET start?ticket= (public host)  →   a state bound to this browser by a cookie   consent page
    GET callback?code&state&realmId  →   state taken, realm compared, code exchanged

The page first moves to the host of the public address, because that is where Intuit sends the browser back
to, and a cookie is only seen by the host that set it.
"""

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from st_qbo_assets.connecting.consent import (
    BROWSER_MINUTES,
    CALLBACK,
    Consent,
    Consents,
    bound_to,
    check_callback,
    check_redirect,
    read_callback,
)
from st_qbo_assets.connecting.keys import make_key_file, store_webhook_key
from st_qbo_assets.connecting.quickbooks import (
    connect_quickbooks,
    disconnect_quickbooks,
    store_quickbooks_app,
)
from st_qbo_assets.connecting.servicetitan import connect_servicetitan, forget_servicetitan
from st_qbo_assets.connections import (
    QUICKBOOKS_SECRETS,
    SERVICETITAN_SECRETS,
    Connections,
    open_connections,
)
from st_qbo_assets.domain.company import CompanyFile, Environment
from st_qbo_assets.domain.errors import SettingsError, SyncError
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.inbox import Inbox
from st_qbo_assets.store.vault import Vault
from st_qbo_assets.web import views
from st_qbo_assets.web.access import Access, LoginNeeded, Refused, Session
from st_qbo_assets.web.bodies import TooLarge, TooSlow, read_body
from st_qbo_assets.web.html import (
    STYLE,
    STYLE_PATH,
    button,
    element,
    form,
    page,
    protect,
    secret_field,
)
from st_qbo_assets.web.roster import Roster

_log = logging.getLogger(__name__)
START = "/connect/quickbooks/start"
_COOKIE = "st_qbo_consent"
_COOKIE_VALUE = re.compile(r"[A-Za-z0-9_-]{43}")
#: What binds a ticket, which no browser holds yet.
_TICKET = "ticket"
_TICKET_MINUTES = 1
_LARGEST_FORM = 64 * 1024
Action = Callable[[Connections, dict[str, str]], str]
Endpoint = Callable[[Request], Awaitable[Response]]


class ConnectPages:
    """All addresses below `/connect`."""

    def __init__(self, settings: Settings, database: Database, roster: Roster) -> None:
        """Show and change what this database holds."""
        self._settings = settings
        self._database = database
        self._roster = roster
        self._vault = Vault.open(database, settings)
        self._consents = Consents(self._vault)
        self._access = Access(settings)

    def routes(self) -> list[Route]:
        """Return the addresses."""
        company = views.BASE + "/{company}"
        acts: dict[str, Action] = {
            "servicetitan": self._give_servicetitan,
            "servicetitan/forget": self._forget_servicetitan,
            "quickbooks/app": self._give_app,
            "quickbooks/disconnect": self._disconnect,
            "webhooks/servicetitan": self._give_key("servicetitan"),
            "webhooks/quickbooks": self._give_key("quickbooks"),
        }
        return [
            Route("/connect", self._guarded(self._show_list), methods=["GET"]),
            Route(STYLE_PATH, self._style, methods=["GET"]),
            Route("/connect/login", self._guarded(self._show_login), methods=["GET"]),
            Route("/connect/login", self._guarded(self._log_in), methods=["POST"]),
            Route("/connect/logout", self._guarded(self._log_out), methods=["POST"]),
            Route(START, self._guarded(self._start), methods=["GET"]),
            Route(CALLBACK, self._guarded(self._come_back), methods=["GET"]),
            Route(company, self._guarded(self._show_company), methods=["GET"]),
            Route(f"{company}/quickbooks", self._guarded(self._begin), methods=["POST"]),
            *(
                Route(f"{company}/{path}", self._guarded(self._act(action)), methods=["POST"])
                for path, action in acts.items()
            ),
        ]

    # Pages

    async def _style(self, request: Request) -> Response:
        return PlainTextResponse(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})

    async def _show_list(self, request: Request) -> Response:
        session = self._access.admit(request)
        snapshot = await self._roster.current()
        companies = [member.company for member in snapshot.members.values()]
        shown = await run_in_threadpool(views.read_shown, self._database, companies, self._vault)
        problems = [("bad", problem) for problem in snapshot.problems]
        content = [*views.list_of(shown), *self._log_out_form(session)]
        return self._page(session, "Companies", content, problems)

    async def _show_company(self, request: Request) -> Response:
        session = self._access.admit(request)
        company = await self._company(request)
        [shown] = await run_in_threadpool(views.read_shown, self._database, [company], self._vault)
        counts = await run_in_threadpool(Inbox(self._database).counts, views.company_key(shown))
        token = self._access.token(session)
        content = views.company_content(shown, self._settings, counts, token)
        return self._page(session, company.name, list(content))

    async def _show_login(self, request: Request) -> Response:
        session = self._access.session(request)
        if not self._access.has_login:
            return RedirectResponse("/connect", status_code=303)
        ask = form(
            "/connect/login",
            self._access.token(session),
            secret_field("secret", "The secret of this installation (ST_QBO_WEB_SECRET)"),
            button("Log in"),
        )
        return self._page(session, "Log in", [ask])

    async def _log_in(self, request: Request) -> Response:
        session = self._access.session(request)
        given = await _read_form(request)
        self._access.check_form(request, session, given.get("token", ""))
        try:
            session = self._access.log_in(request, given.get("secret", ""))
        except Refused as error:
            session.messages.append(("bad", str(error)))
            return self._lead("/connect/login", session)
        return self._lead("/connect", session)

    async def _log_out(self, request: Request) -> Response:
        session = self._access.session(request)
        given = await _read_form(request)
        self._access.check_form(request, session, given.get("token", ""))
        self._access.log_out(session)
        return RedirectResponse("/connect/login", status_code=303)

    # What a form asks for

    def _act(self, action: Action) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            session, company, given = await self._form(request)
            try:
                said = await run_in_threadpool(self._with_connections, company, action, given)
                session.messages.append(("good", said))
            except SyncError as error:
                _log.info("connect=refused company=%s error=%s", company.name, type(error).__name__)
                session.messages.append(("bad", str(error)))
            self._roster.forget()
            return self._lead(f"{views.BASE}/{company.name}", session)

        return endpoint

    def _with_connections(self, company: CompanyFile, action: Action, given: dict[str, str]) -> str:
        connections = open_connections(company, self._settings)
        try:
            was_lost = make_key_file(self._settings, connections.database)
            said = action(connections, given)
        finally:
            connections.close()
        if was_lost:
            said += " The vault's key was lost and a new one was made: connect every company anew."
        return said

    def _give_servicetitan(self, connections: Connections, given: dict[str, str]) -> str:
        connect_servicetitan(connections, _secrets(given, SERVICETITAN_SECRETS))
        return f"ServiceTitan tenant {connections.tenant} answers. The credentials are kept."

    def _forget_servicetitan(self, connections: Connections, given: dict[str, str]) -> str:
        forget_servicetitan(connections)
        return "The credentials are forgotten."

    def _give_app(self, connections: Connections, given: dict[str, str]) -> str:
        store_quickbooks_app(connections, _secrets(given, QUICKBOOKS_SECRETS))
        return "The keys of the app are kept. Now connect to QuickBooks."

    def _disconnect(self, connections: Connections, given: dict[str, str]) -> str:
        disconnect_quickbooks(connections)
        return "QuickBooks is disconnected: the permission is withdrawn."

    def _give_key(self, system: str) -> Action:
        def action(connections: Connections, given: dict[str, str]) -> str:
            store_webhook_key(connections, system, SecretStr(given.get("key", "").strip()))
            return f"Events of {views.system_name(system)} signed with this key are accepted from now on."

        return action

    # Consent

    async def _begin(self, request: Request) -> Response:
        """Refuse what Intuit would refuse, then move to the public host with a ticket."""
        session, company, _ = await self._form(request)
        back = f"{views.BASE}/{company.name}"
        try:
            check_redirect(company.environment, self._redirect_uri)
            ticket = await run_in_threadpool(self._ticket, company)
        except SyncError as error:
            session.messages.append(("bad", str(error)))
            return self._lead(back, session)
        return self._lead(f"{self._settings.public_url}{START}?ticket={ticket}", session)

    def _ticket(self, company: CompanyFile) -> str:
        connections = open_connections(company, self._settings)
        try:
            _ = connections.oauth  # its keys can be opened, or the person is told now
        finally:
            connections.close()
        consent = Consent(company.name, self._redirect_uri, bound_to(_TICKET))
        return self._consents.begin(consent, minutes=_TICKET_MINUTES)

    async def _start(self, request: Request) -> Response:
        """Bind a state to this browser and send it to Intuit."""
        self._access.session(request)  # only by a host that is ours
        browser = request.cookies.get(_COOKIE, "")
        if not _COOKIE_VALUE.fullmatch(browser):
            browser = secrets.token_urlsafe(32)
        ticket = request.query_params.get("ticket", "")
        address = await run_in_threadpool(self._consent_address, ticket, browser, await self._companies())
        response = protect(RedirectResponse(address, status_code=303))
        response.set_cookie(
            _COOKIE,
            browser,
            max_age=BROWSER_MINUTES * 60,
            path="/connect/quickbooks",
            httponly=True,
            samesite="lax",
            secure=self._redirect_uri.startswith("https:"),
        )
        return response

    def _consent_address(self, ticket: str, browser: str, companies: dict[str, CompanyFile]) -> str:
        asked = self._consents.end(ticket, browser=_TICKET)
        consent = Consent(asked.company, asked.redirect_uri, bound_to(browser))
        state = self._consents.begin(consent, minutes=BROWSER_MINUTES)
        connections = open_connections(_named(companies, asked.company), self._settings)
        try:
            return connections.oauth.authorize_url(redirect_uri=asked.redirect_uri, state=state)
        finally:
            connections.close()

    async def _come_back(self, request: Request) -> Response:
        """Take what the consent page sent back; the state is used up whatever comes of it."""
        session = self._access.session(request)
        companies = await self._companies()
        browser = request.cookies.get(_COOKIE, "")
        company, said = await run_in_threadpool(self._exchange, str(request.url), browser, companies)
        self._roster.forget()
        session.messages.append(("good", said))
        return self._lead(f"{views.BASE}/{company}", session)

    def _exchange(self, address: str, browser: str, companies: dict[str, CompanyFile]) -> tuple[str, str]:
        callback = read_callback(address)
        if self._consents.is_of_terminal(callback.state):
            raise SettingsError(
                "This consent was begun with `st-qbo connect` at a terminal.",
                remedy="Copy the whole address of this page and paste it there.",
            )
        consent = self._consents.end(callback.state, browser=browser)
        company = _named(companies, consent.company)
        check_callback(callback, company=company.name, realm=company.quickbooks.realm)
        connections = open_connections(company, self._settings)
        try:
            name = connect_quickbooks(connections, callback.code, redirect_uri=consent.redirect_uri)
        finally:
            connections.close()
        return company.name, f"Connected to QuickBooks company {name} ({callback.realm})."

    # What all of them need

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """Turn what goes wrong into a page that says what to do."""

        async def guarded(request: Request) -> Response:
            try:
                return await endpoint(request)
            except LoginNeeded:
                return protect(RedirectResponse("/connect/login", status_code=303))
            except Refused as error:
                _log.warning("connect=refused path=%s status=%d", request.url.path[:80], error.status)
                return page("Not here", [element("p", str(error))], status=error.status)
            except (TooLarge, TooSlow):
                said = element("p", "The form is too large or came too slowly.")
                return page("Not understood", [said], status=413)
            except SyncError as error:
                again = element("p", element("a", "Back to the companies", href="/connect"))
                return page("That did not work", [again], messages=[("bad", str(error))], status=400)
            except SQLAlchemyError:
                _log.exception("connect=failed path=%s", request.url.path[:80])
                text = "The database does not answer. Try again in a minute; `st-qbo doctor` says more."
                return page("Not now", [element("p", text)], status=503)

        return guarded

    async def _form(self, request: Request) -> tuple[Session, CompanyFile, dict[str, str]]:
        session = self._access.admit(request)
        given = await _read_form(request)
        self._access.check_form(request, session, given.get("token", ""))
        return session, await self._company(request), given

    async def _companies(self) -> dict[str, CompanyFile]:
        snapshot = await self._roster.current()
        return {name: member.company for name, member in snapshot.members.items()}

    async def _company(self, request: Request) -> CompanyFile:
        return _named(await self._companies(), request.path_params["company"])

    @property
    def _redirect_uri(self) -> str:
        return self._settings.public_url + CALLBACK

    def _page(
        self,
        session: Session,
        title: str,
        content: list[Any],
        problems: list[tuple[str, str]] | None = None,
    ) -> Response:
        messages, session.messages = session.messages, []
        targets = form_targets(self._settings)
        response = page(title, content, messages=[*messages, *(problems or [])], form_targets=targets)
        self._access.keep(session, response)
        return response

    def _lead(self, address: str, session: Session) -> Response:
        response = protect(RedirectResponse(address, status_code=303))
        self._access.keep(session, response)
        return response

    def _log_out_form(self, session: Session) -> list[str]:
        if not self._access.has_login:
            return []
        return [form("/connect/logout", self._access.token(session), button("Log out"))]


def form_targets(settings: Settings) -> list[str]:
    """Return the origins a form leads to: browsers hold its redirects against the same list."""
    addresses = [settings.quickbooks_urls(environment).authorize for environment in Environment]
    parts = [urlsplit(address) for address in (settings.public_url, *addresses)]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def _named(companies: dict[str, CompanyFile], name: str) -> CompanyFile:
    if name not in companies:
        raise Refused("There is no such company.", status=404)
    return companies[name]


def _secrets(given: dict[str, str], names: tuple[str, ...]) -> dict[str, SecretStr]:
    found = {name: given.get(name, "").strip() for name in names}
    missing = [name.replace("_", " ") for name, value in found.items() if not value]
    if missing:
        raise SettingsError(f"No {' and no '.join(missing)} was given.", remedy="Fill every field.")
    return {name: SecretStr(value) for name, value in found.items()}


async def _read_form(request: Request) -> dict[str, str]:
    body = await read_body(request, largest_bytes=_LARGEST_FORM)
    try:
        given = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=20)
    except ValueError:
        raise Refused("The form cannot be read.", status=400) from None
    return {name: values[-1] for name, values in given.items()}

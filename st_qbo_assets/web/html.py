"""HTML of the Connect pages: escaped text in a few plain elements.

What belongs here: elements, the frame of a page, its style and headers. What does not: which page says what.
No script is needed, and none is allowed.
"""

from collections.abc import Iterable, Sequence
from html import escape

from starlette.responses import HTMLResponse, Response

STYLE_PATH = "/connect/style.css"
STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #b42318; --soon: #9a6700; }
body { font: 15px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1.2rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .4rem .7rem .4rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th { width: 17rem; }
form { margin: .8rem 0; } label { display: block; margin: .5rem 0; max-width: 34rem; }
input[type=text], input[type=password] { display: block; width: 100%; font: inherit; padding: .4rem; }
button { font: inherit; padding: .4rem 1rem; } code { overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .soon { color: var(--soon); }
.message { border: 1px solid var(--line); border-left-width: .4rem; padding: .6rem 1rem; margin: 1rem 0; }
.message.good { border-color: var(--good); } .message.bad { border-color: var(--bad); }
details { margin: .6rem 0; } summary { cursor: pointer; } .quiet { opacity: .75; }
"""


class Html(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def element(tag: str, /, *content: str, **attributes: str | bool) -> Html:
    """Return an element; attribute names end in an underscore where Python has the word."""
    written = ""
    for key, value in attributes.items():
        label = key.rstrip("_").replace("_", "-")
        if value is True:
            written += f" {label}"
        elif value is not False:
            written += f' {label}="{escape(value, quote=True)}"'
    if tag == "input":
        return Html(f"<input{written}>")
    return Html(f"<{tag}{written}>{join(content)}</{tag}>")


def join(parts: Iterable[str]) -> Html:
    """Return parts one after another, escaped unless they are HTML."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Return a table."""
    head = element("tr", *(element("th", column) for column in columns))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("table", element("thead", head), element("tbody", *body))


def facts(rows: Iterable[tuple[str, str]]) -> Html:
    """Return names and values one below the other."""
    body = [element("tr", element("th", name), element("td", value)) for name, value in rows]
    return element("table", element("tbody", *body))


def form(action: str, token: str, *content: str) -> Html:
    """Return a form with the token of the session."""
    hidden = element("input", type="hidden", name="token", value=token)
    return element("form", hidden, *content, method="post", action=action, autocomplete="off")


def secret_field(name: str, label: str) -> Html:
    """Return a field for a secret, always empty."""
    field = element(
        "input", type="password", name=name, required=True, autocomplete="off", spellcheck="false"
    )
    return element("label", label, field)


def button(text: str, **attributes: str) -> Html:
    """Return the button that sends a form."""
    return element("button", text, type="submit", **attributes)


def page(
    title: str,
    content: Iterable[str],
    *,
    messages: Iterable[tuple[str, str]] = (),
    form_targets: Iterable[str] = (),
    status: int = 200,
) -> Response:
    """Return a page.

    Args:
        title: its heading.
        content: below it.
        messages: kind (`good`, `bad`) and text, above the content.
        form_targets: origins a form may lead to besides our own.
        status: of the answer.
    """
    shown = [element("div", text, class_=f"message {kind}", role="status") for kind, text in messages]
    head = join(
        [
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width">'),
            element("title", f"{title} · ServiceTitan → QuickBooks"),
            Html(f'<link rel="stylesheet" href="{STYLE_PATH}">'),
        ]
    )
    body = element("main", element("h1", title), *shown, *content)
    text = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'
    return protect(HTMLResponse(text, status), form_targets=form_targets)


def protect(response: Response, *, form_targets: Iterable[str] = ()) -> Response:
    """Add the headers that keep a page to itself."""
    targets = " ".join(["'self'", *form_targets])
    response.headers.update(
        {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; "
            f"frame-ancestors 'none'; form-action {targets}",
            # `no-referrer` would make browsers hide the origin of our own forms
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-store",
        }
    )
    return response

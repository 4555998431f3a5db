"""Descriptions: ServiceTitan's HTML as the plain text QuickBooks prints.

What belongs here: taking markup off and keeping within the length. What does not: names and numbers
(`domain.names`).
"""

from html.parser import HTMLParser

from st_qbo_assets.domain.names import clean, one_line

#: `Line.Description` (QB §6.1).
DESCRIPTION_LENGTH = 4000
_CUT = "..."
_BREAKS = frozenset(
    {
        "br",
        "p",
        "div",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "blockquote",
    }
)
_UNSEEN = frozenset({"script", "style", "head", "title"})


class _Text(HTMLParser):
    """Collects what a reader would see; blocks become lines, list items begin with a dash."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where a block begins."""
        if tag in _UNSEEN:
            self._unseen += 1
        if tag in _BREAKS:
            self.pieces.append("\n- " if tag == "li" else "\n")
        elif tag in ("td", "th"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a line where a block ends."""
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self._unseen:
            self.pieces.append(data)


def plain_text(html: str, *, latin1: bool = True, limit: int = DESCRIPTION_LENGTH) -> str:
    """Return the text of some HTML, line by line without empty lines, cut at the limit."""
    text = html
    if "<" in html or "&" in html:
        parser = _Text()
        parser.feed(html)
        parser.close()
        text = "".join(parser.pieces)
    lines = (one_line(line) for line in clean(text, latin1=latin1).splitlines())
    whole = "\n".join(line for line in lines if line and line != "-")
    return whole if len(whole) <= limit else whole[: limit - len(_CUT)].rstrip() + _CUT

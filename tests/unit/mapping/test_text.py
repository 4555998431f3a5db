"""Descriptions lose their markup and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st_qbo_assets.mapping.text import plain_text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("Diagnostic and minor repair", "Diagnostic and minor repair"),
        (
            "<p>Replaced <b>45/5</b> capacitor.</p><p>Tested&nbsp;OK &amp; clean</p>",
            "Replaced 45/5 capacitor.\nTested OK & clean",
        ),
        ("<ul><li>coil</li><li>drain</li></ul>", "- coil\n- drain"),
        ("line one<br/>line two\r\n\r\nline three", "line one\nline two\nline three"),
        ("<style>p{color:red}</style><div>Seen</div>", "Seen"),
        ('1/2" &lt; 3/4" pipe', '1/2" < 3/4" pipe'),
        ("pressure < 5 psi", "pressure < 5 psi"),
        ("fan 🔥 “quiet” – 20°", 'fan "quiet" - 20°'),
        ("", ""),
    ],
)
def test_html_becomes_plain_text(html: str, expected: str) -> None:
    assert plain_text(html) == expected


def test_long_descriptions_are_cut_and_show_it() -> None:
    text = plain_text("x" * 5000)
    assert len(text) == 4000
    assert text.endswith("...")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400))
def test_any_text_gives_a_legal_description(html: str) -> None:
    text = plain_text(html)
    text.encode("latin-1")
    assert len(text) <= 4000
    assert text == text.strip()

"""The documentation says what the program does: parts made from code, links, commands, variables."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from st_qbo_assets.cli.main import cli
from st_qbo_assets.domain.company import Schedules
from st_qbo_assets.domain.reasons import GATE, MAPPING
from st_qbo_assets.load.reasons import LOAD
from st_qbo_sandbox.__main__ import _parser
from tools import render_docs

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

COMMAND = re.compile(r"st-qbo((?: (?!·)[^`|;&#\n]+)?)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\b(?:ST_QBO_[A-Z_]+[A-Z]|DAGSTER_HOME)\b")
SHORT = re.compile(r"`(_[A-Z_]+)`")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def spans(text: str) -> Iterator[str]:
    """Every piece of code: the lines of blocks, less their comments, and the spans between backticks."""
    prose = text
    for block in re.findall(r"(?ms)^```[a-z]*\n(.*?)^```", text):
        prose = prose.replace(block, "")
        yield from (line.split(" # ")[0] for line in block.splitlines())
    yield from re.findall(r"(?m)^ {4}(\S.*?)(?:\s+# .*)?$", prose)
    yield from re.findall(r"`([^`\n]+)`", prose.replace("```", ""))


def commands(text: str) -> list[str]:
    """What follows `st-qbo` in code, wherever a command is given."""
    found = (match for span in spans(text) for match in COMMAND.finditer(span))
    return [match[1].strip() for match in found if match[1].strip()]


def slug(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return kept.replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {slug(heading) for heading in re.findall(r"(?m)^#+ (.*)$", path.read_text(encoding="utf-8"))}


def problem_of(command: str) -> str:
    """What is wrong with a command as the documentation gives it; empty if nothing is."""
    words = command.split()
    node: click.Command = cli
    while isinstance(node, click.Group) and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
        name = words.pop(0)
        if name not in node.commands:
            return f"there is no command {name!r}"
        node = node.commands[name]
    known = {option for parameter in node.params for option in parameter.opts} | {"--help"}
    if node.name == "sandbox":
        choices = next(each.choices for each in _parser()._actions if isinstance(each.choices, dict))
        if words and words[0] not in choices:
            return f"the sandbox has no command {words[0]!r}"
        known = {option for action in choices[words[0]]._actions for option in action.option_strings}
    unknown = set(re.findall(r"--[a-z][a-z-]*", command)) - known
    return f"{node.name} has no {', '.join(sorted(unknown))}" if unknown else ""


def named_variables(text: str, known: set[str]) -> set[str]:
    """The variables a page names, the short ones (`_WEB` after a long one) written out."""
    found: set[str] = set()
    for line in text.splitlines():
        whole = VARIABLE.findall(line)
        found.update(whole)
        for short in SHORT.findall(line):
            made = {name for name in known if whole and name.endswith(short) and name[:7] == whole[0][:7]}
            found.update(made or {short})
    return found


def variables_of_settings() -> set[str]:
    source = (ROOT / "st_qbo_assets" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'"(ST_QBO_[A-Z_]+|DAGSTER_HOME)"', source))


def test_the_generated_parts_are_current(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "render_docs.py"), "--check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run python tools/render_docs.py: {done.stdout}{done.stderr}"


def test_a_stale_part_is_told_and_mended() -> None:
    name, parts = next(iter(render_docs.PARTS.items()))
    text = text_of(name)
    spoiled = text.replace("`ARImportInvoice` | never posts", "`ARImportInvoice` | posts")
    assert spoiled != text
    assert render_docs.rendered(spoiled, parts) == text


def test_a_part_that_nobody_writes_is_refused() -> None:
    with pytest.raises(ValueError, match="has the parts"):
        render_docs.rendered("<!-- generated: unheard of -->\n<!-- end: unheard of -->\n", {})


def test_the_script_takes_no_other_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert render_docs.main(["--chekc"]) == 2
    assert "usage" in capsys.readouterr().err


def test_every_reason_code_is_in_the_guide() -> None:
    guide = text_of("docs/mapping-guide.md")
    assert [code for code in (*GATE, *MAPPING, *LOAD) if f"| `{code}` |" not in guide] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_somewhere(name: str) -> None:
    page = ROOT / name
    broken: list[str] = []
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_named_exists_with_its_options(name: str) -> None:
    found = {command: problem for command in commands(text_of(name)) if (problem := problem_of(command))}
    assert found == {}


def test_commands_are_found_in_all_their_forms() -> None:
    page = "Run `st-qbo sync --from D` or\n\n    st-qbo up      # starts\n\n```sh\nst-qbo down\n```\n"
    assert sorted(commands(page)) == ["down", "sync --from D", "up"]
    assert problem_of("sync --company C --from D") == ""
    assert "no command" in problem_of("sink")
    assert "--form" in problem_of("sync --company C --form D")
    assert "--frsh" in problem_of("sandbox serve --frsh")


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_named_exists(name: str) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {target for span in spans(text_of(name)) for target in re.findall(r"^make ([a-z]+)", span)}
    assert named <= targets


def test_the_variables_named_are_those_the_settings_read() -> None:
    known = variables_of_settings()
    named = {name: named_variables(text_of(name), known) for name in NAMES}
    assert {name: found - known for name, found in named.items() if found - known} == {}
    assert known <= named["docs/operations.md"]
    assert {"ST_QBO_HOME", "ST_QBO_DATABASE_URL", "ST_QBO_PORT_WEB"} <= named["README.md"]


def test_the_schedules_run_when_the_documentation_says() -> None:
    told = re.findall(r"(?m)^\| `acme_\w+` \| `schedules\.(\w+)`, ([^|]+?) \|", text_of("docs/operations.md"))
    assert len(told) >= 5
    for name, at in told:
        minute, hour, day, *rest = str(getattr(Schedules(), name)).split()
        assert rest == ["*", "*"]
        assert at == f"{hour}:{minute:0>2}" + (" on the 1st" if day == "1" else "")


def test_the_readme_is_short() -> None:
    assert len(text_of("README.md").splitlines()) <= 150


@pytest.mark.parametrize("name", NAMES)
def test_no_page_names_a_registry_or_a_path_of_a_machine(name: str) -> None:
    text = text_of(name)
    assert re.findall(r"(?i)\b(?:pypi|ghcr|quay|npmjs|artifactory)\b|index-url|\bregistry\.", text) == []
    assert re.findall(r"(?<![\w.$%}<>h])/(?:home|Users|root|work|tmp|mnt|var|opt|usr)/", text) == []

"""Company files as programs read them, without loading Dagster.

What belongs here: finding `defs/<company>/defs.yaml`, reading it and the quantities it names, and errors that
name the line. What does not: what the attributes mean (`domain.company`) and Dagster's own reading of the
same file (`components`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError
from st_qbo_assets.domain.opening_quantities import OnHand, parse_opening_quantities

DEFS = Path(__file__).resolve().parent / "defs"
COMPONENT = "st_qbo_assets.components.CompanySync"
_OURS = "st_qbo_assets."
_CURE = "Mend it there; docs/company-file.md explains every key."


@dataclass(frozen=True)
class CompanyFolder:
    """A validated company file and its folder."""

    company: CompanyFile
    folder: Path

    @property
    def file(self) -> Path:
        """The company file."""
        return self.folder / "defs.yaml"

    @property
    def links_file(self) -> Path:
        """Where the company's settled pairs are."""
        return self.folder / "links.csv"


class _Loader(yaml.SafeLoader):
    """Leaves dates as text, so that a wrong one is told with its line like everything else."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_companies(defs: Path = DEFS) -> list[CompanyFolder]:
    """Return all companies, by name.

    Raises:
        SettingsError: for malformed files, naming file and line of everything that is wrong.
    """
    companies, wrong = scan_companies(defs)
    if wrong:
        raise _together(wrong)
    return companies


def scan_companies(defs: Path = DEFS) -> tuple[list[CompanyFolder], list[SettingsError]]:
    """Return the companies whose files are good, by name, and an error for each file that is not."""
    found: dict[str, CompanyFolder] = {}
    wrong: list[SettingsError] = []
    for path in sorted(defs.rglob("defs.yaml")):
        try:
            folder = _read(path)
        except SettingsError as error:
            wrong.append(error)
            continue
        if folder is None:
            continue
        name = folder.company.name
        if name in found:
            wrong.append(_wrong(path, 1, f"the name {name!r} is taken by {found[name].file}"))
        elif other := _of_another_tenant(folder.company, found.values()):
            # Markers hold ids of ServiceTitan, which two tenants may both give (rule 2.6).
            realm = folder.company.quickbooks.realm
            said = f"realm {realm} is fed by another tenant already, in {other.file}"
            wrong.append(_wrong(path, 1, said))
        else:
            found[name] = folder
    return sorted(found.values(), key=lambda folder: folder.company.name), wrong


def read_company(name: str, defs: Path = DEFS) -> CompanyFolder:
    """Return one company; a neighbour's malformed file is no obstacle.

    Raises:
        SettingsError: if there is none of that name, naming those there are; or if a file is malformed
            and none of that name is found.
    """
    companies, wrong = scan_companies(defs)
    for found in companies:
        if found.company.name == name:
            return found
    if wrong:
        raise _together(wrong)
    known = ", ".join(found.company.name for found in companies) or "none"
    raise SettingsError(f"There is no company {name!r}.", remedy=f"Companies in {defs}: {known}.")


def read_opening_quantities(folder: Path, company: CompanyFile) -> tuple[OnHand, ...]:
    """Return what is on hand on the start date, of the file that a company names; nothing if it names none.

    Args:
        folder: where the company file is.
        company: the company.

    Raises:
        SettingsError: if it is not there, or a line of it cannot be used.
    """
    named = company.opening_quantities
    if named is None:
        return ()
    path = folder / named
    try:
        content = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is no UTF-8 text.", remedy="Save it as CSV in UTF-8.") from error
    except OSError as error:
        raise SettingsError(
            f"The file of opening quantities {path} cannot be read: {error.strerror}.",
            remedy="Put it beside the company file, or correct `opening_quantities`.",
        ) from error
    return parse_opening_quantities(content, name=named)


def _read(path: Path) -> CompanyFolder | None:
    try:
        node, document = _parse(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _wrong(path, mark.line + 1 if mark else 1, error.problem or "no YAML") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise _wrong(path, 1, f"cannot be read: {error}") from error
    for line, key in _doubled(node):
        raise _wrong(path, line, f"{key!r} stands twice, and only the last would count")
    if not isinstance(document, Mapping) or "type" not in document:
        raise _wrong(path, 1, f"no `type`; a company's is {COMPONENT}")
    body = cast("Mapping[str, Any]", document)
    if body["type"] != COMPONENT:
        if str(body["type"]).startswith(_OURS):
            raise _wrong(path, _line_of(node, ("type",)), f"type {body['type']!r} is not {COMPONENT}")
        return None  # another component of the project, not ours to read
    try:
        return CompanyFolder(CompanyFile.model_validate(body.get("attributes") or {}), path.parent)
    except ValidationError as error:
        lines = sorted(_problem(path, node, problem["loc"], problem["msg"]) for problem in error.errors())
        raise SettingsError("\n".join(line for _, line in lines), remedy=_CURE) from error


def _of_another_tenant(company: CompanyFile, known: Iterable[CompanyFolder]) -> CompanyFolder | None:
    """Return a company that feeds the same QuickBooks company from another ServiceTitan account."""
    mine = (company.environment, company.quickbooks.realm)
    for each in known:
        other = each.company
        if (other.environment, other.quickbooks.realm) == mine and other.servicetitan != company.servicetitan:
            return each
    return None


def _parse(text: str) -> tuple[yaml.Node | None, object]:
    """Return the nodes of a document, which know their lines, and what they stand for."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return node, cast(object, loader.construct_document(node)) if node is not None else None
    finally:
        loader.dispose()


def _problem(path: Path, node: yaml.Node | None, place: tuple[int | str, ...], said: str) -> tuple[int, str]:
    line = _line_of(node, ("attributes", *place))
    name = ".".join(str(part) for part in place) or "attributes"
    return line, f"{path}:{line}: {name}: {said.removeprefix('Value error, ')}"


def _together(wrong: Iterable[SettingsError]) -> SettingsError:
    return SettingsError("\n".join(str(error).removesuffix(f" {_CURE}") for error in wrong), remedy=_CURE)


def _wrong(path: Path, line: int, what: str) -> SettingsError:
    return SettingsError(f"{path}:{line}: {what}.", remedy=_CURE)


def _doubled(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Yield keys that a mapping has twice, with the line of the second."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
            yield from _doubled(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _doubled(item)


def _line_of(node: yaml.Node | None, location: tuple[object, ...]) -> int:
    """Return the line of the deepest node on a path that exists."""
    line = 1
    for part in location:
        child = _child(node, part)
        if child is None:
            break
        key, node = child
        line = key.start_mark.line + 1
    return line


def _child(node: yaml.Node | None, part: object) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None

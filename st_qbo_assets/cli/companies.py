"""Company files as the commands read them, without loading Dagster.

What belongs here: finding `defs/<company>/defs.yaml`, reading it, and errors that name the line.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.errors import SettingsError

DEFS = Path(__file__).resolve().parents[1] / "defs"
COMPONENT = "st_qbo_assets.components.CompanySync"


@dataclass(frozen=True)
class CompanyFolder:
    """A validated company file and its folder."""

    company: CompanyFile
    folder: Path

    @property
    def links_file(self) -> Path:
        """Where the company's settled pairs are."""
        return self.folder / "links.csv"


def read_companies(defs: Path = DEFS) -> list[CompanyFolder]:
    """Return all companies, by name.

    Raises:
        SettingsError: for a malformed file, naming file, line and cure.
    """
    folders = [_read(path) for path in sorted(defs.glob("*/defs.yaml"))]
    return sorted((folder for folder in folders if folder), key=lambda folder: folder.company.name)


def read_company(name: str, defs: Path = DEFS) -> CompanyFolder:
    """Return one company.

    Raises:
        SettingsError: if there is none of that name; names those there are.
    """
    companies = read_companies(defs)
    for found in companies:
        if found.company.name == name:
            return found
    known = ", ".join(found.company.name for found in companies) or "none"
    raise SettingsError(f"There is no company {name!r}.", remedy=f"Companies in {defs}: {known}.")


def _read(path: Path) -> CompanyFolder | None:
    text = path.read_text(encoding="utf-8")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document: Any = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: {error.problem}.", remedy="Mend the YAML there.") from error
    if not isinstance(document, dict) or document.get("type") != COMPONENT:
        return None
    try:
        return CompanyFolder(CompanyFile.model_validate(document.get("attributes") or {}), path.parent)
    except ValidationError as error:
        lines = [
            f"{path}:{_line_of(node, ('attributes', *problem['loc']))}: "
            f"{'.'.join(str(part) for part in problem['loc']) or 'attributes'}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("\n".join(lines), remedy="\nSee docs/company-file.md.") from error


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

"""What `doctor` found, by section: as lines for people and as one JSON document.

What belongs here: collecting and showing. What does not: the checks.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.text import Text

from st_qbo_assets.cli.output import OUT
from st_qbo_assets.domain.errors import SyncError
from st_qbo_assets.domain.findings import Finding, Level, red

_STYLES = {Level.OK: "green", Level.INFO: "cyan", Level.WARN: "yellow", Level.RED: "bold red"}
_INDENT = 8


@dataclass
class Section:
    """The findings about one thing.

    Attributes:
        company: empty for the installation.
        title: what was checked.
    """

    title: str
    company: str = ""
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def is_red(self) -> bool:
        """Whether something here does not work."""
        return any(finding.level is Level.RED for finding in self.findings)


def count(sections: Iterable[Section], level: Level) -> int:
    """Return how many findings have a level."""
    return sum(finding.level is level for section in sections for finding in section.findings)


def report_document(sections: list[Section]) -> dict[str, Any]:
    """Return everything as one JSON-ready document."""
    counts = {level.value: count(sections, level) for level in Level}
    return {
        "is_well": counts[Level.RED.value] == 0,
        "counts": counts,
        "sections": [
            {
                "company": section.company or None,
                "title": section.title,
                "findings": [
                    {
                        "level": finding.level.value,
                        "code": finding.code,
                        "text": finding.text,
                        "cure": finding.cure,
                        "suggestions": list(finding.suggestions),
                    }
                    for finding in section.findings
                ],
            }
            for section in sections
        ],
    }


def print_report(sections: list[Section]) -> None:
    """Print a line for each finding, and its cure under it."""
    for section in sections:
        if not section.findings:
            continue
        OUT.print(Text(f"{section.company} · {section.title}" if section.company else section.title, "bold"))
        for finding in section.findings:
            _print_finding(finding)
    reds, warnings = count(sections, Level.RED), count(sections, Level.WARN)
    if reds:
        OUT.print(Text(f"{reds} red, {warnings} to look at: mend the red ones first.", "bold red"))
    else:
        OUT.print(Text(f"Nothing is red, {warnings} to look at.", "bold green"))


def _print_finding(finding: Finding) -> None:
    head, *rest = finding.text.splitlines() or [""]
    OUT.print(Text.assemble((f"  {finding.level.value:<6}", _STYLES[finding.level]), head), soft_wrap=True)
    for line in rest:
        OUT.print(Text(" " * _INDENT + line), soft_wrap=True)
    if finding.cure:
        OUT.print(Text(" " * _INDENT + f"→ {finding.cure}"), soft_wrap=True)
    if finding.suggestions:
        OUT.print(Text(" " * _INDENT + f"  nearest: {', '.join(finding.suggestions)}"), soft_wrap=True)


def of_error(code: str, error: SyncError, *, cure: str = "") -> Finding:
    """Return an error as a finding: its sentence, and its own cure before the one given."""
    text = str(error).removesuffix(error.remedy).strip()
    return red(code, text, error.remedy or cure)

"""The words of a message: several alerts in one, and the summary of a day.

What belongs here: putting sentences together. What does not: what is wrong (`conditions`).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from st_qbo_assets.domain.money import from_cents
from st_qbo_assets.domain.outcomes import Outcome
from st_qbo_assets.store.alerts import Alert, Concern

#: More than this in one message is a list nobody reads: the rest is counted.
_MOST = 12


def alert_message(company: str, concerns: Sequence[Concern]) -> tuple[str, str]:
    """Return title and body of a message about what is new."""
    count = len(concerns)
    title = f"{company}: {'something needs' if count == 1 else f'{count} things need'} you"
    parts = [_told(concern) for concern in concerns[:_MOST]]
    if count > _MOST:
        parts.append(f"… and {count - _MOST} more: `st-qbo alerts --company {company}`.")
    return title, "\n\n".join(parts)


def digest_message(
    company: str,
    day: date,
    *,
    outcomes: Mapping[Outcome, tuple[int, int]],
    open_days: Sequence[date],
    alerts: Sequence[Alert],
) -> tuple[str, str]:
    """Return title and body of the daily summary.

    Args:
        company: its name.
        day: the business day that is told about.
        outcomes: records of that day and their cents, by where they stand.
        open_days: days that are compared and not green, oldest first.
        alerts: what needs a person.
    """
    parts = [_outcomes_line(day, outcomes)]
    if open_days:
        listed = ", ".join(each.isoformat() for each in open_days[:_MOST])
        more = f" and {len(open_days) - _MOST} more" if len(open_days) > _MOST else ""
        parts.append(f"Not green: {listed}{more}.")
    else:
        parts.append("Every compared day is green.")
    parts += [_told(alert.concern) for alert in alerts[:_MOST]] or ["Nothing needs you."]
    if len(alerts) > _MOST:
        parts.append(f"… and {len(alerts) - _MOST} more: `st-qbo alerts --company {company}`.")
    is_well = not alerts and not open_days
    state = (
        "all is well" if is_well else f"{len(alerts)} open" if alerts else f"{len(open_days)} days not green"
    )
    return f"{company}, {day}: {state}", "\n\n".join(parts)


def _outcomes_line(day: date, outcomes: Mapping[Outcome, tuple[int, int]]) -> str:
    if not outcomes:
        return f"{day}: no records."
    shown = [
        f"{count} {outcome.value.replace('_', ' ')}" + (f" ({from_cents(cents):,})" if cents else "")
        for outcome, (count, cents) in sorted(outcomes.items(), key=lambda each: -each[1][0])
    ]
    return f"{day}: {', '.join(shown)}."


def _told(concern: Concern) -> str:
    lines = [concern.text, f"→ {concern.remedy}" if concern.remedy else "", concern.link]
    return "\n".join(line for line in lines if line)

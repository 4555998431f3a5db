"""One look at a company: what is so is kept, what is new is told, and once a day everything is summed up.

What belongs here: this order, and trying again what was not taken. What does not: the conditions, words and
addresses, each in its own module.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from st_qbo_assets.alerting.conditions import KINDS, concerns_of
from st_qbo_assets.alerting.messages import alert_message, digest_message
from st_qbo_assets.alerting.targets import Target, Targets, send
from st_qbo_assets.domain.company import CompanyFile
from st_qbo_assets.domain.ids import Company
from st_qbo_assets.settings import Settings
from st_qbo_assets.store.alerts import Alert, Alerts, Concern
from st_qbo_assets.store.attention import Attention
from st_qbo_assets.store.database import Database
from st_qbo_assets.store.marks import SafeMarks
from st_qbo_assets.store.tie_outs import TieOuts
from st_qbo_assets.store.vault import Vault

_log = logging.getLogger(__name__)
RUN_KIND = "run"
_DIGEST_FEED = "alerts/digest"
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=2), timedelta(hours=1)
#: Days whose verdict the summary looks at.
_DIGEST_DAYS = 35

#: Sends a message to targets; by name, whether each took it.
Send = Callable[..., dict[str, bool]]


@dataclass(frozen=True)
class Watch:
    """Looks after one company.

    Attributes:
        send: how messages go out.
    """

    company: CompanyFile
    database: Database
    settings: Settings
    send: Send = field(default=send, repr=False)

    def look(self, now: datetime, *, failed_runs: Sequence[Concern] = ()) -> list[str]:
        """Keep what is so now, tell what is new, and return what was done, a sentence each."""
        name, alerts = Company(self.company.name), Alerts(self.database)
        concerns = concerns_of(self.company, self.database, self.settings, now)
        runs = failed_runs if self.company.alerts.failures else ()
        alerts.update(name, [*concerns, *runs], kinds=[*KINDS, RUN_KIND])
        targets = Targets(Vault.open(self.database, self.settings), self.company.name).all()
        done = self._tell_new(alerts, targets, now)
        if self._is_digest_due(now):
            done += self._tell_digest(alerts, targets, now)
        return done

    def _tell_new(self, alerts: Alerts, targets: Sequence[Target], now: datetime) -> list[str]:
        new = [each for each in alerts.open(Company(self.company.name), unsent=True) if _is_time(each, now)]
        if not new or not targets:
            return [f"{len(new)} new, and nobody to tell."] if new else []
        title, body = alert_message(self.company.name, [each.concern for each in new])
        taken = self.send(targets, title=title, body=body)
        ids = [each.id for each in new]
        # One that took it is enough: the others must not make it come again and again.
        if any(taken.values()):
            alerts.note_sent(ids)
        else:
            alerts.note_failed(ids, at=now)
        return [_said(title, taken)]

    def _is_digest_due(self, now: datetime) -> bool:
        at = self.company.alerts.digest_at
        if at is None:
            return False
        local = now.astimezone(self.company.zone)
        due = datetime.combine(local.date(), time.fromisoformat(at), self.company.zone)
        last = SafeMarks(self.database).get(Company(self.company.name), _DIGEST_FEED)
        return now >= due and (last is None or last < due)

    def _tell_digest(self, alerts: Alerts, targets: Sequence[Target], now: datetime) -> list[str]:
        name = Company(self.company.name)
        day = now.astimezone(self.company.zone).date() - timedelta(days=1)
        newest = TieOuts(self.database).newest(name, day - timedelta(days=_DIGEST_DAYS), day)
        title, body = digest_message(
            name,
            day,
            outcomes=Attention(self.database).outcomes(name, day, day),
            open_days=[each for each, record in sorted(newest.items()) if not record.is_green],
            alerts=alerts.open(name),
        )
        taken = self.send(targets, title=title, body=body) if targets else {}
        # Kept whatever becomes of it: a summary that comes an hour late every minute helps nobody.
        SafeMarks(self.database).advance(name, _DIGEST_FEED, now)
        return [_said(title, taken)] if targets else []


def _is_time(alert: Alert, now: datetime) -> bool:
    """Say whether an alert that nobody took may be tried again."""
    if alert.tried_at is None:
        return True
    return now >= alert.tried_at + min(_FIRST_WAIT * 2 ** min(alert.tries, 10), _LONGEST_WAIT)


def _said(title: str, taken: dict[str, bool]) -> str:
    words = ", ".join(
        f"{name} {'took it' if is_taken else 'did not take it'}" for name, is_taken in taken.items()
    )
    return f"{title}: {words}."

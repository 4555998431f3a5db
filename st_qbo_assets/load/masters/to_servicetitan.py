"""Writing the changes of a pair to ServiceTitan.

What belongs here: the PATCH of the record and the calls for its contacts, under one intent. What does not:
what changes (`domain.masters`), making a record that ServiceTitan lacks (`creating`).

An intent that was left open is superseded by the next decision: a PATCH says the same twice, and a contact
is looked for by its value before it is made (rule 7.7).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from st_qbo_assets.domain.errors import ConnectionStopped, RemoteFault, SyncError
from st_qbo_assets.domain.masters.changing import ServiceTitanChange, servicetitan_change
from st_qbo_assets.domain.masters.notes import FROM_QUICKBOOKS, saying
from st_qbo_assets.domain.masters.reasons import reason
from st_qbo_assets.domain.masters.sides import (
    CUSTOMER,
    REMARKS,
    SERVICE,
    Side,
    read_servicetitan,
)
from st_qbo_assets.domain.masters.values import Value
from st_qbo_assets.domain.outcomes import Json, Outcome, canonical_json
from st_qbo_assets.load import objects
from st_qbo_assets.load.masters.ports import FOREIGN, TO_SERVICETITAN, PairContext
from st_qbo_assets.load.masters.reading import Pair
from st_qbo_assets.load.masters.to_quickbooks import Written
from st_qbo_assets.load.sending import closing_of
from st_qbo_assets.store.intents import Attempt, AttemptOutcome, Closing, IntentDraft, Operation

_CONTACT_INFO = ("firstName", "lastName", "phone", "email", "fax")


def write_servicetitan(context: PairContext, pair: Pair, changes: Mapping[str, Value], day: date) -> Written:
    """Send changed fields to ServiceTitan and return what it shows afterwards.

    Raises:
        ConnectionStopped: if a person has to act.
    """
    side = pair.servicetitan
    assert side is not None
    change = servicetitan_change(pair.target, changes, side, terms=context.terms)
    if not change.says_anything:
        same = _read(context, pair.target, side, contacts=side.contacts, chosen=change.chosen)
        return Written(Outcome.UNCHANGED, side=same)
    attempt = begin(context, pair, change_json(change), Operation.UPDATE, day)
    try:
        after = _carry_out(context, pair.target, side, change)
    except SyncError as error:
        return refused(context, attempt, error)
    context.write.seam("after_send")
    context.foreign.close_written(attempt, Closing(http_status=200, answer=after.raw))
    return Written(Outcome.POSTED, side=after)


def begin(context: PairContext, pair: Pair, request: Json, operation: Operation, day: date) -> Attempt:
    """Commit what is to be written to ServiceTitan, just before the call."""
    write = context.write
    attempt = write.ledger.begin(
        IntentDraft(
            company=write.name,
            tenant=write.tenant,
            realm=write.realm,
            source=replace(pair.link.source, part=TO_SERVICETITAN),
            target=FOREIGN[pair.target],
            operation=operation,
            digest=hashlib.sha256(canonical_json([FOREIGN[pair.target], request]).encode()).hexdigest(),
            day=day,
            payload=request,
            request=request,
            run_id=write.run_id,
        )
    )
    write.seam("after_intent")
    return attempt


def refused(context: PairContext, attempt: Attempt, error: SyncError) -> Written:
    """Close a write that ServiceTitan did not answer well, and return where that leaves the record.

    Raises:
        ConnectionStopped: if a person has to act.
    """
    closing = closing_of(error)
    if isinstance(error, RemoteFault):
        context.write.ledger.close_attempt(attempt, AttemptOutcome.REJECTED, closing)
        said = reason("servicetitan_refused", error=error, remedy=error.remedy)
        return Written(Outcome.HELD, said=said, is_gone=error.status == 404, is_refused=True)
    context.write.ledger.close_attempt(attempt, AttemptOutcome.FAILED, closing)
    if isinstance(error, ConnectionStopped):
        raise error
    return Written(Outcome.FAILED, said=reason("servicetitan_transient", error=error))


def change_json(change: ServiceTitanChange) -> Json:
    """Return a change as the ledger keeps it."""
    contacts = [
        {"operation": each.operation, "id": each.id, "type": each.type, "value": each.value}
        for each in change.contacts
    ]
    whole: Json = {"record": change.body, "contacts": contacts}
    whole |= {"location": change.location} if change.location else {}
    return whole | ({"note": change.remark} if change.remark is not None else {})


def _carry_out(context: PairContext, target: str, side: Side, change: ServiceTitanChange) -> Side:
    writer, record = context.writer, side.raw
    if change.body and target == CUSTOMER:
        answered = writer.change_customer(side.id, change.body)
        record = {**side.raw, **change.body, **answered}
    elif change.body:
        writer.change_vendor(side.id, change.body)
        record = with_vendor_fields(side.raw, change.body)
    contacts, chosen, locations = [*side.contacts], dict(change.chosen), [*side.locations]
    if change.location:
        stored = writer.change_location(chosen[SERVICE], change.location)
        locations = [
            {**old, **stored} if objects.text(old.get("id")) == chosen[SERVICE] else old for old in locations
        ]
    for each in change.contacts:
        if each.operation == "create":
            made = writer.create_contact(side.id, each.type, each.value)
            contacts.append({**made, "active": True})
            chosen[each.field] = objects.text(made.get("id"))
        elif each.operation == "update":
            stored = writer.change_contact(side.id, each.id, each.type, each.value)
            contacts = [
                {**old, "value": each.value, **stored} if objects.text(old.get("id")) == each.id else old
                for old in contacts
            ]
        else:
            writer.delete_contact(side.id, each.id)
            contacts = [old for old in contacts if objects.text(old.get("id")) != each.id]
    notes = side.notes
    if change.remark is not None:
        chosen[REMARKS], notes = _renew_note(context, side, change.remark)
    after = replace(side, raw=record, locations=locations, notes=notes)
    return _read(context, target, after, contacts=contacts, chosen=chosen)


def _renew_note(context: PairContext, side: Side, remark: str) -> tuple[str, list[Json]]:
    """Add the note of QuickBooks' text anew, then delete the one before; return its id, and all notes.

    One that says so already is taken: the answer to its creation was lost (rule 7.7).
    """
    notes, before = [*(side.notes or ())], side.chosen.get(REMARKS, "")
    kept = saying(notes, remark) if remark else ""
    if remark and not kept:
        notes.append(context.writer.create_note(side.id, f"{FROM_QUICKBOOKS}{remark}"))
        kept = objects.text(notes[-1].get("id"))
    if before and before != kept:
        context.writer.delete_note(side.id, before)
        notes = [each for each in notes if objects.text(each.get("id")) != before]
    return kept, notes


def _read(
    context: PairContext, target: str, side: Side, *, contacts: Sequence[Json], chosen: Mapping[str, str]
) -> Side:
    return read_servicetitan(
        target,
        side.raw,
        contacts,
        locations=side.locations,
        chosen=chosen,
        terms=context.terms,
        notes=side.notes,
    )


def with_vendor_fields(record: Json, body: Json) -> Json:
    """Return a vendor with what was written to it, as it will be shown: the answer has its id only."""
    info = {**objects.as_mapping(record.get("contactInfo"))}
    info |= {name: body[name] for name in _CONTACT_INFO if name in body}
    plain = {name: value for name, value in body.items() if name not in _CONTACT_INFO}
    return {**record, **plain, "contactInfo": info}

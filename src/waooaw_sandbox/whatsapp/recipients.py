"""To whom a message goes, and whether anything keeps it from them: window, messaging limit, and what they are."""

from waooaw_sandbox.whatsapp.errors import refuse
from waooaw_sandbox.whatsapp.gate import Visit
from waooaw_sandbox.whatsapp.objects import Template
from waooaw_sandbox.whatsapp.people import Person, digits_of
from waooaw_sandbox.whatsapp.settings import MARKETING_ONLY, RECIPIENT_STATES

SHORTEST, LONGEST = 8, 15
"""Digits of a number with its country code (E.164)."""


def recipient_of(visit: Visit, template: Template | None) -> Person:
    """By `to`, else by the business-scoped id in `recipient`."""
    to, scoped = visit.text("to"), visit.text("recipient")
    if not to and not scoped:
        raise refuse("100", "The parameter to is required.")
    person = by_number(visit, to) if to else by_scoped_id(visit, scoped, template)
    allowed = visit.sender.allow_list
    if allowed is not None and person.wa_id not in [visit.wa.person(number).wa_id for number in allowed]:
        raise refuse("131030", "Recipient phone number not in allowed list.")
    return person


def by_number(visit: Visit, to: str) -> Person:
    number = digits_of(to)
    if not number or to.strip("+0123456789 ()-."):
        raise refuse("131009", f"Parameter to is not a phone number: {to!r}.")
    if not to.strip().startswith("+") and visit.knobs.flag("prefix_country_code"):
        number = visit.sender.number[:-10] + number
    if not SHORTEST <= len(number) <= LONGEST:
        raise refuse("131009", f"Parameter to has {len(number)} digits; a number with its country code has 8 to 15.")
    if number == visit.sender.number:
        raise refuse("131021", "Sender and recipient phone number is the same.")
    return visit.wa.person(number)


def by_scoped_id(visit: Visit, user_id: str, template: Template | None) -> Person:
    if template is not None and template.category == "AUTHENTICATION":
        raise refuse("131062", "Authentication templates need a phone number.")
    person = visit.wa.person_by_user_id(user_id)
    if person is None:
        raise refuse("131009", f"Parameter recipient is not a known user id: {user_id!r}.")
    return person


def obstacle(visit: Visit, person: Person, template: Template | None, in_window: bool) -> str | None:
    """The code it will fail with; raised at once where the knobs want that."""
    knobs, code, answered = visit.knobs, RECIPIENT_STATES[person.state], "failure_answer"
    if person.state in MARKETING_ONLY and (template is None or template.category != "MARKETING"):
        code = None
    if template is None and not in_window:
        code, answered = "131047", "window_answer"
    elif (
        code is None
        and template is not None
        and not in_window
        and visit.wa.meters.over_tier(visit.sender, person.wa_id)
    ):
        code, answered = knobs.word("tier_reason"), "tier_answer"
    if code is not None and knobs.word(answered) == "sync":
        raise refuse(code, DETAILS.get(code, ""))
    return code


DETAILS = {
    "131047": "More than 24 hours have passed since the customer last replied to this number.",
    "131048": "The messaging limit of this business portfolio is reached.",
}

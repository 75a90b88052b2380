"""Sending one message to one recipient. Its file is uploaded before, so that the one visible call is small.

WhatsApp lists nothing that was sent. What is known of a message whose answer was lost is what a webhook says of it: a status that carries
our mark, from our number, about our recipient. Silence proves nothing; after a wait the order says what it shall mean (contract 2.8).
"""

from collections.abc import Mapping
from typing import Any

from waooaw_social.core.ids import Audience
from waooaw_social.core.post import MediaUrl, Published
from waooaw_social.core.publication import Publication
from waooaw_social.core.refusal import Refusal, Refused
from waooaw_social.platforms.call import Asked, Flow, Reply, Verdict, Visible, fetch, heard, pause, until_due
from waooaw_social.platforms.whatsapp import account, calls, check, said, templates, webhook
from waooaw_social.platforms.whatsapp.callback import unsigned
from waooaw_social.platforms.whatsapp.delivery import proof_key, window_key
from waooaw_social.platforms.whatsapp.errors import OUTSIDE_WINDOW, USE_TEMPLATE
from waooaw_social.platforms.whatsapp.manifest import LOOK_AGAIN, WINDOW, WINDOW_MARGIN
from waooaw_social.platforms.whatsapp.media import check_file, media_of
from waooaw_social.platforms.whatsapp.recipient import Recipient, recipient_of
from waooaw_social.platforms.whatsapp.replies import published_of

PAUSED_WAIT = 3600.0
"""Seconds until a paused template is looked at again; it pauses for 3, then for 6 hours (2.3)."""


def publish(publication: Publication) -> Flow[Published]:
    """Send it. `published` means accepted by WhatsApp; what becomes of it is told by webhooks."""
    check.refuse_bad(publication)
    told = yield from heard(proof_key(publication.id))
    number = account.sending_number(publication.account)
    recipient = recipient_of(publication)
    if recipient is None:
        raise Refused(
            Refusal(code="recipient_required", message="Nobody is named to whom it goes.", field="options.to")
        )
    if told is None:  # what is out already is not asked any more whether it may go
        yield from may_go(publication, number, recipient)
    medium = yield from carried(publication, number)
    yield from until_due()
    message = {**recipient.fields, **said.fields_of(publication, medium)}
    wait, resend = check.silence_of(publication)
    visible = Visible(
        reconcile=lambda asked: did_it_go_out(asked, publication, wait, resend=resend),
        published=published_of,
        audience=Audience(f"whatsapp:{number}:{recipient.key}"),
        look_again=LOOK_AGAIN,
        patience=wait + 10 * LOOK_AGAIN,
    )
    return (yield from calls.send(number, recipient.key, message, unsigned(publication.id), visible))


def did_it_go_out(asked: Asked, publication: Publication, wait: float, *, resend: bool) -> Flow[Reply | Verdict]:
    """By what a webhook said of it; without any, by what silence shall mean."""
    told = yield from heard(proof_key(publication.id))
    if told is not None and webhook.fits(told, publication):
        return webhook.reply_of(told)
    if asked.age < wait:
        return Verdict.LATER
    return Verdict.ABSENT if resend else Verdict.UNSURE


# --- before it goes -----------------------------------------------------------------------------------------------------------


def may_go(publication: Publication, number: str, recipient: Recipient) -> Flow[None]:
    """Templates are looked up in the account's list; anything else needs somebody who has written within a day."""
    if publication.format == "template":
        yield from template_fits(publication)
    elif not publication.content.options.get("regardless_of_window"):
        wrote = yield from heard(window_key(number, recipient.key))
        if wrote is not None and float(wrote.get("age", 0.0)) > WINDOW - WINDOW_MARGIN:
            raise Refused(CLOSED)


def template_fits(publication: Publication) -> Flow[None]:
    """Raises `Refused` for a template that is not there, not approved, or wants other parameters. A paused one is waited for."""
    if not publication.account.metadata.get(account.WABA):
        return  # nobody knows whose list to ask: Meta will say
    name, language, components = said.template_of(publication.content)
    kind = said.header_of(publication.content)
    given = templates.with_header(components, kind, {}) if kind else components
    listed = yield from account.templates(publication.account, name)
    while templates.is_paused(listed, name, language):
        yield from pause(PAUSED_WAIT, "the template is paused")
        listed = yield from account.templates(publication.account, name)
    problem = templates.problem_of(listed, name, language, given)
    if problem:
        raise Refused(problem)


def carried(publication: Publication, number: str) -> Flow[Mapping[str, Any] | None]:
    """The message's file: brought here and checked, then uploaded, or named by its own address."""
    for kind, source in media_of(publication.content):
        file = yield from fetch("media file", source)
        check_file(kind, file)
        if publication.content.options.get("by_link") and isinstance(source, MediaUrl):
            return {"link": source.url}
        return {"id": (yield from calls.upload(number, kind, file))}
    return None


CLOSED = Refusal(
    code=OUTSIDE_WINDOW,
    message="The recipient has not written within 24 hours: only templates reach them.",
    field="options.to",
    remediation=USE_TEMPLATE,
)

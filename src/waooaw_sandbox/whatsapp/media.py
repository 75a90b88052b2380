"""The media store: files of one number, with an id for 30 days and an address for five minutes (contract 2.4).

And what a message makes of them: `attach` finds the file behind an id at once, or fetches a link; a link that fails is
told later, by a `failed` status, because the platform fetches after it has answered.
"""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from waooaw_sandbox.kit import Answer, Call, Json
from waooaw_sandbox.meta.fetch import Unfetched, fetch
from waooaw_sandbox.meta.gate import shown_token, token_problem
from waooaw_sandbox.meta.people import FACEBOOK_APP, digits, word
from waooaw_sandbox.meta.rupload import Upload, write
from waooaw_sandbox.meta.state import Blob
from waooaw_sandbox.whatsapp.errors import refuse, wa_error
from waooaw_sandbox.whatsapp.gate import Visit
from waooaw_sandbox.whatsapp.objects import Media, UploadSession
from waooaw_sandbox.whatsapp.people import NAME
from waooaw_sandbox.whatsapp.settings import MEDIA, MIB
from waooaw_sandbox.whatsapp.state import WhatsApp
from waooaw_sandbox.whatsapp.values import record, text_of

HOST, PLACE = "lookaside.fbsbx.com", "/whatsapp_business/attachments"
MOST = 100 * MIB


def kind_of(content_type: str) -> str | None:
    return next((kind for kind, (types, _) in MEDIA.items() if content_type in types), None)


def plain(content_type: str) -> str:
    """Without parameters: `audio/ogg; codecs=opus` is audio/ogg."""
    return content_type.partition(";")[0].strip().lower()


async def upload(visit: Visit) -> Json:
    if visit.text("messaging_product") != "whatsapp":
        raise refuse("100", "The parameter messaging_product is required.")
    blob = visit.files.get("file")
    if blob is None:
        raise refuse("100", "The parameter file is required.")
    content_type = plain(visit.text("type") or blob.content_type)
    kind = kind_of(content_type)
    if kind is None:
        raise refuse("100", f"Param file must be a file with one of the allowed types; received {content_type!r}.")
    if blob.size > MEDIA[kind][1] or blob.size == 0:
        raise refuse("131053", f"The file is {blob.size} bytes; {kind} takes 1 to {MEDIA[kind][1]}.")
    if visit.call.fault("media_refused"):
        raise refuse("131053", "Media upload error.")
    blob.content_type = content_type
    return {"id": keep(visit.wa, visit.id, blob, "media_seconds").id}


def keep(wa: WhatsApp, phone_id: str, blob: Blob, knob: str) -> Media:
    ends_at = wa.meta.later(wa.knobs.number(knob))
    made = Media(
        id=wa.meta.new_id(length=16),
        platform=NAME,
        identity=phone_id,
        made_at=wa.clock.now(),
        blob=blob,
        ends_at=ends_at,
    )
    return wa.meta.keep(made)


def mine(visit: Visit) -> Media:
    """The file in the path, if it is this caller's and still there."""
    node = visit.wa.meta.nodes.get(visit.id)
    number = visit.text("phone_number_id")
    foreign = number not in ("", getattr(node, "identity", ""))
    if not isinstance(node, Media) or not visit.token.reaches(node.identity) or node.ends_at <= visit.now or foreign:
        raise visit.missing()
    return node


async def info(visit: Visit) -> Json:
    media = mine(visit)
    key = word(40)
    media.addresses[key] = visit.meta.later(visit.knobs.number("media_url_seconds"))
    query = f"?mid={media.id}&ext={int(media.addresses[key].timestamp())}&hash={key}"
    return {
        "messaging_product": "whatsapp",
        "url": visit.url(HOST, PLACE + "/" + query),
        "mime_type": media.blob.content_type,
        "sha256": await media.blob.hash(),
        "file_size": str(media.blob.size),
        "id": media.id,
    }


async def delete(visit: Visit) -> Json:
    del visit.meta.nodes[mine(visit).id]
    return {"success": True}


async def download(wa: WhatsApp, call: Call) -> Answer | web.StreamResponse:
    """With the Bearer token; 404 for an address that has ended."""
    token = wa.people.tokens.get(shown_token(call, {}))
    if token is None or token_problem(wa.meta, token) is not None:
        return wa_error("190", "Authentication Error")
    media = wa.meta.nodes.get(call.query.get("mid", ""))
    if not isinstance(media, Media) or not token.reaches(media.identity):
        return Answer(404)
    end = media.addresses.get(call.query.get("hash", ""))
    if end is None or end <= wa.clock.now() or media.ends_at <= wa.clock.now():
        return Answer(404)
    return web.FileResponse(media.blob.path, headers={"Content-Type": media.blob.content_type})


# --- in messages --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attached:
    """A file, or the code the message will fail with."""

    blob: Blob | None = None
    error: str | None = None
    details: str = ""


async def attach(visit: Visit, kind: str, payload: Any) -> Attached:
    given = record(payload)
    if given.get("link"):
        return await from_link(visit, kind, text_of(given["link"]))
    media_id = str(given.get("id", ""))
    node = visit.wa.meta.nodes.get(media_id)
    if not isinstance(node, Media) or node.identity != visit.id or node.ends_at <= visit.now:
        raise refuse(visit.knobs.word("bad_media_reason"), f"Media ID {media_id} is not available to this number.")
    problem = unfit(kind, node.blob)
    if problem:
        raise refuse("131053", problem)
    return Attached(node.blob)


async def from_link(visit: Visit, kind: str, url: str) -> Attached:
    cached = visit.wa.links.get(url)
    if cached is not None and cached[0] > visit.now:
        blob = cached[1]
    else:
        got = await fetch(visit, url, most=MOST)
        if isinstance(got, Unfetched):
            return Attached(error="131052", details=f"Media download error: {got.why}")
        got.content_type, blob = plain(got.content_type), got
        visit.wa.links[url] = (visit.meta.later(visit.knobs.number("link_cache_seconds")), blob)
    problem = unfit(kind, blob)
    return Attached(error="131053", details=problem) if problem else Attached(blob)


def unfit(kind: str, blob: Blob) -> str | None:
    types, most = MEDIA[kind]
    if kind != "document" and blob.content_type not in types:
        return f"{blob.content_type} is not a supported {kind} type."
    return f"The file is {blob.size} bytes; {kind} takes at most {most}." if blob.size > most else None


# --- examples for templates ---------------------------------------------------------------------------------------------------


async def open_session(visit: Visit) -> Json:
    if visit.id != FACEBOOK_APP[0]:
        raise visit.missing()
    if visit.number("file_length") <= 0:
        raise refuse("100", "The parameter file_length is required.")
    upload = Upload(path=visit.meta.new_file(NAME), total=int(visit.number("file_length")))
    made = UploadSession(
        id="upload:" + word(40), platform=NAME, identity=visit.account.user_id, made_at=visit.now, upload=upload,
        handle=f"4::{word(24)}:{digits(10)}",
    )  # fmt: skip
    return {"id": visit.meta.keep(made).id}


def session_of(visit: Visit) -> UploadSession:
    return visit.node(UploadSession, "upload:" + visit.call.found["session"])


async def send_bytes(visit: Visit) -> Json:
    """From `file_offset` on; all of them together are worth a handle."""
    session = session_of(visit)
    upload, offset = session.upload, visit.call.request.headers.get("file_offset", "")
    if offset != str(upload.received):
        raise refuse("100", f"Invalid offset; {upload.received} bytes are here.")
    await write(visit.call, upload)
    return {"h": session.handle} if upload.complete else {"id": session.id, "file_offset": upload.received}


async def session_status(visit: Visit) -> Json:
    session = session_of(visit)
    return {"id": session.id, "file_offset": session.upload.received}

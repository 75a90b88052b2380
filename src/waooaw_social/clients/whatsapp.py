"""WhatsApp for library callers.

async with WhatsAppClient(credential_resolver=get_default_resolver(), customer_id="CUST-1") as whatsapp:
    result = await whatsapp.post_text("CRED-…", "Your cake is ready", to="+15550100123")

A result means that WhatsApp has accepted a message, not that it has arrived: hand every webhook to `receive_webhook`, and ask
`get_message_status`. Long, because a message has many kinds, and each has a method whose arguments say what it takes.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from waooaw_social.clients.client import DEADLINE, Wiring
from waooaw_social.clients.connected import ConnectedClient, media_at
from waooaw_social.core.post import Content, Item, MediaSource, MediaUrl, SocialPostResult
from waooaw_social.core.refusal import SocialPlatformError
from waooaw_social.core.secret import Secret
from waooaw_social.durable.memory import MemoryInbox
from waooaw_social.platforms.whatsapp import account, reading
from waooaw_social.platforms.whatsapp.delivery import Delivery, delivery_of, status_keys
from waooaw_social.platforms.whatsapp.manifest import WHATSAPP
from waooaw_social.platforms.whatsapp.replies import Template
from waooaw_social.platforms.whatsapp.webhook import hear
from waooaw_social.wire.ports import TokenSource

MOST_SENT = 100_000
"""Messages of which a client remembers that it sent them."""
Options = Mapping[str, str | bool | int | None]


@dataclass(frozen=True, kw_only=True)
class MessageStatus:
    """How far a message got, as far as this client has heard."""

    message_id: str
    status: str
    """accepted, sent, delivered, read, played or failed."""
    source: str
    """`webhook`, or `send reply` where no webhook has told anything yet."""
    at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    remediation: str | None = None


class WhatsAppClient(ConnectedClient):
    """Writes to people from one customer's WhatsApp numbers.

    Every method that sends takes `to`: a number with its plus, or a user id such as `US.1349…`; without it the connection's metadata
    `default_recipient` serves. `on_silence` says what shall become of a message whose answer was lost and of which no webhook tells
    anything: "unresolved" (the default; `SocialOutcomeUnknown`) or "resend". All of them raise `SocialPlatformError`, `SocialOutcomeUnknown`.
    """

    PLATFORM = WHATSAPP

    def __init__(
        self,
        credential_resolver: TokenSource | None = None,
        customer_id: str = "",
        *,
        deadline: float = DEADLINE,
        wired: Wiring | None = None,
    ) -> None:
        super().__init__(credential_resolver, customer_id, deadline=deadline, wired=wired)
        self._inbox = MemoryInbox(self._wiring.clock)
        self._runner = replace(self._runner, inbox=self._inbox)
        self._sent: dict[str, datetime] = {}

    # --- sending ----------------------------------------------------------------------------------------------------------

    async def post_text(
        self,
        credential_ref: str,
        text: str,
        image_url: str | None = None,
        *,
        to: str | None = None,
        reply_to: str | None = None,
        preview_url: bool = True,
        on_silence: str | None = None,
    ) -> SocialPostResult:
        """Send a text of at most 4096 characters; with `image_url` an image, with the text as its caption of at most 1024 (contract 2.2)."""
        told: Options = {"to": to, "reply_to": reply_to, "on_silence": on_silence}
        if image_url:
            return await self._send(credential_ref, "image", told, text=text, images=(MediaUrl(image_url),))
        return await self._send(credential_ref, "text", {**told, "preview_url": preview_url}, text=text)

    async def send_template_message(
        self,
        credential_ref: str,
        template_name: str,
        template_params: Sequence[Any] | Mapping[str, Any] = (),
        language_code: str = "en",
        *,
        to: str | None = None,
        components: Sequence[Mapping[str, Any]] = (),
        header: MediaSource | None = None,
        header_kind: str = "image",
        on_silence: str | None = None,
    ) -> SocialPostResult:
        """Send an approved template: outside of the 24 hours after somebody wrote, the only thing that may be sent (contract 2.2, 2.3).

        `template_params` fill its body, in order or by name; `components` are the rest (header texts, buttons, cards) in Meta's own
        grammar; `header` is the image, video or document at its head. Where the connection's metadata has `waba_id`, the template's
        state and the number of its parameters are checked first.
        """
        params = dict(template_params) if isinstance(template_params, Mapping) else list(template_params)
        told = {
            "to": to,
            "template_name": template_name,
            "language_code": language_code,
            "template_params": json.dumps(params) if params else None,
            "components": json.dumps([dict(one) for one in components]) if components else None,
            "on_silence": on_silence,
        }
        return await self._send(credential_ref, "template", told, items=_items(header_kind, header))

    async def send_media(
        self,
        credential_ref: str,
        kind: str,
        media: str | Path,
        caption: str | None = None,
        *,
        to: str | None = None,
        filename: str | None = None,
        voice: bool | None = None,
        by_link: bool | None = None,
        reply_to: str | None = None,
        on_silence: str | None = None,
    ) -> SocialPostResult:
        """Send a file as `image`, `video`, `audio`, `document` or `sticker` (contract 2.4). Audio and stickers have no caption.

        `media` is an https URL or a `pathlib.Path`. It is uploaded first; `by_link` names Meta the URL instead, which fails later where
        Meta cannot fetch it.
        """
        told: Options = {
            "to": to, "filename": filename, "voice": voice, "by_link": by_link, "reply_to": reply_to, "on_silence": on_silence
        }  # fmt: skip
        return await self._send(credential_ref, kind, told, text=caption, items=_items(kind, media_at(media)))

    async def send_interactive(
        self,
        credential_ref: str,
        interactive: Mapping[str, Any],
        *,
        to: str | None = None,
        header: MediaSource | None = None,
        header_kind: str = "image",
        reply_to: str | None = None,
        on_silence: str | None = None,
    ) -> SocialPostResult:
        """Send an interactive message in Meta's own grammar; `header` is the image, video or document above it (contract 2.2)."""
        told: Options = {"to": to, "interactive": json.dumps(dict(interactive)), "reply_to": reply_to, "on_silence": on_silence}  # fmt: skip
        return await self._send(credential_ref, "interactive", told, items=_items(header_kind, header))

    async def send_buttons(
        self, credential_ref: str, text: str, buttons: Mapping[str, str], *, footer: str | None = None, **more: Any
    ) -> SocialPostResult:
        """Send a text with one to three reply buttons: `buttons` is id to title. `more` as in `send_interactive`."""
        rows = [{"type": "reply", "reply": {"id": id, "title": title}} for id, title in buttons.items()]
        return await self.send_interactive(credential_ref, _shape("button", text, footer, {"buttons": rows}), **more)

    async def send_list(
        self,
        credential_ref: str,
        text: str,
        button: str,
        sections: Sequence[Mapping[str, Any]],
        *,
        footer: str | None = None,
        **more: Any,
    ) -> SocialPostResult:
        """Send a text with a list behind a button: sections of `{title, rows: [{id, title, description}]}`, at most ten rows."""
        action = {"button": button, "sections": [dict(section) for section in sections]}
        return await self.send_interactive(credential_ref, _shape("list", text, footer, action), **more)

    async def send_link(
        self, credential_ref: str, text: str, display_text: str, url: str, *, footer: str | None = None, **more: Any
    ) -> SocialPostResult:
        """Send a text with a button that opens an address."""
        action = {"name": "cta_url", "parameters": {"display_text": display_text, "url": url}}
        return await self.send_interactive(credential_ref, _shape("cta_url", text, footer, action), **more)

    async def send_location(
        self,
        credential_ref: str,
        latitude: float,
        longitude: float,
        name: str | None = None,
        address: str | None = None,
        *,
        to: str | None = None,
        on_silence: str | None = None,
    ) -> SocialPostResult:
        """Send a place, in degrees."""
        told: Options = {
            "to": to, "latitude": str(latitude), "longitude": str(longitude), "name": name, "address": address, "on_silence": on_silence
        }  # fmt: skip
        return await self._send(credential_ref, "location", told)

    async def send_contacts(
        self,
        credential_ref: str,
        contacts: Sequence[Mapping[str, Any]],
        *,
        to: str | None = None,
        on_silence: str | None = None,
    ) -> SocialPostResult:
        """Send contacts: `{name: {formatted_name, first_name, …}, phones: [{phone, type}], emails, urls, …}`."""
        told: Options = {"to": to, "contacts": json.dumps([dict(one) for one in contacts]), "on_silence": on_silence}
        return await self._send(credential_ref, "contacts", told)

    async def send_reaction(
        self, credential_ref: str, message_id: str, emoji: str, *, to: str | None = None
    ) -> SocialPostResult:
        """React to a message that is at most 30 days old; an empty `emoji` takes the reaction away. Of a lost answer it is sent again."""
        return await self._send(credential_ref, "reaction", {"to": to, "message_id": message_id}, text=emoji)

    async def mark_read(self, credential_ref: str, message_id: str, *, typing: bool = False) -> bool:
        """Tell somebody that their message was read; `typing`: and that an answer is being written."""
        return await self._about(credential_ref, lambda of: reading.mark_read(of, message_id, typing=typing))

    # --- asking -----------------------------------------------------------------------------------------------------------

    async def list_templates(self, credential_ref: str) -> tuple[Template, ...]:
        """The account's templates, in all languages and states. The connection's metadata has to have `waba_id`."""
        return await self._about(credential_ref, account.templates)

    async def get_message_status(self, credential_ref: str, message_id: str) -> MessageStatus:
        """How far a message got, by the webhooks that `receive_webhook` was given. Nothing is asked of WhatsApp: it has no such question.

        Raises `SocialPlatformError` (`unknown_message`) for one that this client neither sent nor heard of.
        """
        del credential_ref
        heard = {status: await self._inbox.newest(key) for status, key in status_keys(message_id).items()}
        delivery = delivery_of(heard)
        if delivery:
            return _as_told(message_id, delivery)
        if message_id not in self._sent:
            why = (
                "Nothing is known of this message here: it was not sent by this client, and no webhook has told of it."
            )
            raise SocialPlatformError(why, self.platform, "unknown_message", field="message_id")
        return MessageStatus(message_id=message_id, status="accepted", source="send reply", at=self._sent[message_id])

    async def receive_webhook(self, body: bytes, signature: str) -> int:
        """Take a webhook: its raw body, and its `X-Hub-Signature-256`. Returns how many things it told.

        Repeats and disorder are harmless. Raises `SocialPlatformError` (`forged_webhook`) where the app's secret did not sign these bytes.
        """
        secrets = self._secrets()
        good = [hmac.compare_digest(signature.encode(), _signature(body, secret)) for secret in secrets]
        if not any(good):
            raise SocialPlatformError("The signature is not the app's.", self.platform, "forged_webhook")
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            return 0
        heard = hear(cast("Mapping[str, Any]", told), secrets) if isinstance(told, dict) else ()
        await self._inbox.tell(heard)
        return len(heard)

    # --- helpers ----------------------------------------------------------------------------------------------------------

    async def _send(self, credential_ref: str, format: str, told: Options, **said: Any) -> SocialPostResult:
        options = {name: value for name, value in told.items() if value is not None}
        result = await self._publish(credential_ref, format, Content(options=options, **said))
        if result.post_id:
            self._sent[result.post_id] = self._wiring.clock.now()
        while len(self._sent) > MOST_SENT:
            del self._sent[next(iter(self._sent))]
        return result

    def _secrets(self) -> tuple[Secret, ...]:
        client = self._wiring.gateway.tokens.clients.get(self._wiring.kit.app({}))
        return (client.client_secret,) if client else ()


def _signature(body: bytes, secret: Secret) -> bytes:
    return b"sha256=" + hmac.new(secret.open().encode(), body, sha256).hexdigest().encode()


def _items(kind: str, source: MediaSource | None) -> tuple[Item, ...]:
    return (Item(kind=kind, source=source),) if source else ()


def _shape(kind: str, text: str, footer: str | None, action: Mapping[str, Any]) -> dict[str, Any]:
    shape = {"type": kind, "body": {"text": text}, "action": action}
    return {**shape, "footer": {"text": footer}} if footer else shape


def _as_told(message_id: str, delivery: Delivery) -> MessageStatus:
    why = delivery.why
    return MessageStatus(
        message_id=message_id,
        status=delivery.status,
        source="webhook",
        at=datetime.fromtimestamp(delivery.at, UTC) if delivery.at is not None else None,
        error_code=why.code if why else None,
        error_message=why.message if why else None,
        remediation=(why.remediation or None) if why else None,
    )

"""Everything WhatsApp remembers beside Graph's own objects: people, windows, messages, counters, subscriptions."""

import secrets
from base64 import b64encode
from datetime import datetime, timedelta
from typing import cast

from waooaw_sandbox.meta.state import Blob, Meta
from waooaw_sandbox.whatsapp.courier import Courier
from waooaw_sandbox.whatsapp.meters import Meters
from waooaw_sandbox.whatsapp.objects import Inbound, Message, NumberNode, WabaNode
from waooaw_sandbox.whatsapp.people import NAME, Person, Sender, Senders, digits_of, person_named, wa_id_of
from waooaw_sandbox.whatsapp.seeds import templates_of
from waooaw_sandbox.whatsapp.subscriptions import Desk


class WhatsApp:
    def __init__(self, meta: Meta) -> None:
        self.meta, self.clock, self.knobs = meta, meta.clock, meta.knobs[NAME]
        self.people = Senders(NAME, meta.clock)
        meta.people[NAME] = self.people
        self.courier: Courier | None = None
        self.reset()

    def reset(self) -> None:
        """As seeded: two senders, their templates, and people who wrote in an hour ago."""
        if self.courier is not None:
            self.courier.stop()
        self.people.reset()
        self.persons: dict[str, Person] = {}
        self.opened: dict[tuple[str, str], datetime] = {}
        self.messages: dict[str, Message] = {}
        self.inbound: dict[str, Inbound] = {}
        self.links: dict[str, tuple[datetime, Blob]] = {}
        self.meters = Meters(self.clock, self.knobs)
        self.desk = Desk({sender.waba_id for sender in self.people.senders.values()})
        self.post = self.courier = Courier(self.clock, self.knobs, self.desk)
        for sender in self.people.senders.values():
            self.seed(sender)

    def seed(self, sender: Sender) -> None:
        born = self.clock.now() - timedelta(days=30)
        number, waba = sender.phone_id, sender.waba_id
        self.meta.keep(NumberNode(id=number, platform=NAME, identity=number, made_at=born, sender=sender))
        self.meta.keep(WabaNode(id=waba, platform=NAME, identity=waba, made_at=born, sender=sender))
        for template in templates_of(sender, born):
            self.meta.keep(template)
        for number in sender.in_window:
            self.opened[sender.phone_id, self.person(number).wa_id] = self.clock.now() - timedelta(hours=1)
        for number in sender.out_of_window:
            self.person(number)

    # --- who ------------------------------------------------------------------------------------------------------------------

    def sender(self, node_id: str) -> Sender | None:
        """By its number or its WABA."""
        node = self.meta.nodes.get(node_id)
        return node.sender if isinstance(node, (NumberNode, WabaNode)) else None

    def person(self, number: str) -> Person:
        """Whoever has this number, in any spelling."""
        wa_id = wa_id_of(digits_of(number), local_digits=self.knobs.flag("local_digits"))
        return self.persons.setdefault(wa_id, person_named(wa_id))

    def person_by_user_id(self, user_id: str) -> Person | None:
        return next((person for person in self.persons.values() if person.user_id == user_id), None)

    # --- windows --------------------------------------------------------------------------------------------------------------

    def window_open(self, sender: Sender, person: Person) -> bool:
        at = self.opened.get((sender.phone_id, person.wa_id))
        length = timedelta(seconds=self.knobs.number("window_seconds"))
        return at is not None and self.clock.now() < at + length

    def open_window(self, sender: Sender, person: Person) -> None:
        self.opened[sender.phone_id, person.wa_id] = self.clock.now()

    def close_window(self, sender: Sender, person: Person) -> None:
        self.opened.pop((sender.phone_id, person.wa_id), None)

    # --- messages -------------------------------------------------------------------------------------------------------------

    def new_wamid(self, person: Person) -> str:
        inner = (
            bytes((0x1C, 0x18, len(person.wa_id))) + person.wa_id.encode() + b"\x15\x02\x00" + secrets.token_bytes(16)
        )
        return "wamid." + b64encode(inner).decode()

    def chat(self, sender: Sender, person: Person) -> list[Message | Inbound]:
        """Both sides, oldest first."""
        both = [*self.messages.values(), *self.inbound.values()]
        found = [one for one in both if one.sender is sender and one.person is person]
        return sorted(found, key=when)

    def find(self, wamid: str, sender: Sender) -> Message | Inbound | None:
        """A message of this number, in either direction."""
        found = self.messages.get(wamid) or self.inbound.get(wamid)
        return found if found is not None and found.sender is sender else None


def when(one: Message | Inbound) -> datetime:
    return one.accepted_at if isinstance(one, Message) else one.at


def sender_of(account: object) -> Sender:
    """The account of a WhatsApp token is always a sender."""
    return cast(Sender, account)

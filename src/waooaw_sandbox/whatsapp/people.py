"""The businesses that send, and the people they write to.

A `Sender` is a phone number with its WhatsApp Business Account (WABA), portfolio and system user; its tokens are Graph
tokens that reach this number and WABA only (contract 2.1). A `Person` is anybody with a number: known from the first
time somebody writes to them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from waooaw_sandbox.meta.people import Account, People, Token, digits, word

NAME = "whatsapp"
SCOPES = ("whatsapp_business_messaging", "whatsapp_business_management", "business_management")
KINDS = ("system", "system_60", "user_short", "business")


@dataclass
class Person:
    """`state` is a word of `settings.RECIPIENT_STATES`; a `hidden` one shows no number behind its user name."""

    wa_id: str
    name: str
    user_id: str
    state: str = "ok"
    hidden: bool = False


@dataclass
class Sender(Account):
    """What follows `waba_id` can be turned by the control API, or by a call."""

    phone_id: str = field(kw_only=True)
    number: str = field(kw_only=True)
    """Digits, with country code."""
    waba_id: str = field(kw_only=True)
    in_window: tuple[str, ...] = field(kw_only=True)
    out_of_window: tuple[str, ...] = field(kw_only=True)
    quality: str = "GREEN"
    tier: str = "TIER_2K"
    throughput: str = "STANDARD"
    status: str = "CONNECTED"
    registered: bool = True
    pin: str = "123456"
    refuses: str | None = None
    """A code every send is refused with: 131031 locked, 131042 payment, 131057 maintenance."""
    allow_list: tuple[str, ...] | None = None
    wrong_pins: int = 0
    registrations: list[datetime] = field(default_factory=list[datetime])

    @property
    def shown_number(self) -> str:
        n = self.number
        return f"+{n[:-10]} {n[-10:-7]}-{n[-7:-4]}-{n[-4:]}"


@dataclass
class SenderToken(Token):
    def reaches(self, identity: str) -> bool:
        owner = self.account
        own = (owner.phone_id, owner.waba_id) if isinstance(owner, Sender) else ()
        return identity in (owner.user_id, owner.business, *own)


SEEDS = (
    ("hazel", "Hazel Bakes", "15550100001", "1202555"),
    ("ridge", "Ridge Cycles", "15550100002", "4477009"),
)


def seeded(name: str, title: str, number: str, start: str) -> Sender:
    """Six people a sender: three who wrote in this morning, three who never did."""
    width = 11 if start.startswith("1") else 12
    people = [f"+{start}{n:0{width - len(start)}d}" for n in (111, 112, 113, 121, 122, 123)]
    return Sender(
        NAME, name, title, title.lower().replace(" ", ""), "facebook",
        digits(15, f"wa system user {name}", "10"), "", "", [], digits(15, f"wa business {name}"),
        phone_id=digits(15, f"wa number {name}"), number=number, waba_id=digits(15, f"wa waba {name}"),
        in_window=tuple(people[:3]), out_of_window=tuple(people[3:]),
    )  # fmt: skip


class Senders(People):
    """Everybody who sends, with tokens. Nobody here has a Page."""

    def reset(self) -> None:
        self.senders = {seed[0]: seeded(*seed) for seed in SEEDS}
        self.accounts = dict[str, Account](self.senders)
        self.tokens, self.codes = {}, {}
        for sender in self.senders.values():
            self.seed_tokens(sender)

    def seed_tokens(self, account: Account) -> None:
        """A system user's token, two days old, without end."""
        account.token_state = None
        for token in [t for t in self.tokens.values() if t.account is account]:
            del self.tokens[token.token]
        born = self.clock.now() - timedelta(days=2)
        text = "EAAW" + word(180, f"whatsapp system {account.name}")
        self.keep(SenderToken(text, "system", account, SCOPES, born, None))

    def mint(
        self, kind: str, account: Account, scopes: tuple[str, ...], seconds: float | None, parent: Token | None = None
    ) -> Token:
        now = self.clock.now()
        end = None if seconds is None else now + timedelta(seconds=seconds)
        return self.keep(SenderToken("EAAW" + word(180), kind, account, scopes, now, end, parent=parent))


# --- the people ---------------------------------------------------------------------------------------------------------------


def digits_of(shown: str) -> str:
    return "".join(letter for letter in shown if letter.isdigit())


LOCAL_DIGITS = (("52", 12, "521", 2), ("54", 12, "549", 2))
"""(country, digits of the usual spelling, how the WhatsApp id begins, digits replaced): Mexico and Argentina."""


def wa_id_of(number: str, *, local_digits: bool = True) -> str:
    """The id behind a number: mostly the number; in Mexico, Argentina and Brazil it may differ by a digit."""
    if local_digits:
        for country, length, start, replaced in LOCAL_DIGITS:
            if number.startswith(country) and len(number) == length:
                return start + number[replaced:]
        if number.startswith("55") and len(number) == 13 and number[4] == "9":
            return number[:4] + number[5:]
    return number


def person_named(wa_id: str) -> Person:
    names = ("Ada", "Ben", "Chloe", "Dan", "Eva", "Finn", "Gül", "Hugo", "Inés", "Jun")
    return Person(wa_id, f"{names[int(wa_id[-1])]} {wa_id[-4:]}", "US." + digits(16, f"wa person {wa_id}"))

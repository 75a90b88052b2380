"""What is neither a message nor a look at the connection: saying that a message was read."""

from waooaw_social.core.account import Account
from waooaw_social.core.refusal import Refused
from waooaw_social.platforms.call import Flow
from waooaw_social.platforms.whatsapp import calls
from waooaw_social.platforms.whatsapp.account import sending_number
from waooaw_social.platforms.whatsapp.webhook import MESSAGE_ID


def mark_read(account: Account, message_id: str, *, typing: bool) -> Flow[bool]:
    """Tell a person that their message was read; `typing`: and that an answer is being written. May be repeated."""
    if not MESSAGE_ID.fullmatch(message_id):
        raise Refused.content("invalid_message_id", "This is no message's id.", field="message_id")
    return (yield from calls.mark_read(sending_number(account), message_id, typing=typing))

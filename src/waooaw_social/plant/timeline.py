"""What became of each recorded call, in plain words. The states are the ledger's; nothing is said here that it does not know."""

from collections.abc import Mapping
from typing import Any

from waooaw_social.durable.ports import EntryState, HeardBy

UNSEEN: Mapping[EntryState, str] = {
    EntryState.ANSWERED: "Done; nobody can see anything of it yet.",
    EntryState.STALE: "Made anew: the platform keeps it no longer, or the publication was changed.",
}
"""Calls that leave nothing for an audience to see."""

SEEN: Mapping[EntryState, str] = {
    EntryState.OPEN: "It may have been sent, and no answer has come. It is looked for before anything is repeated.",
    EntryState.REFUSED: "It was sent, and the platform said no: nothing went out.",
    EntryState.ABSENT: "It was sent, no answer came, and it was looked for and not found. Nothing of it is out, so it may be sent again.",
    EntryState.ABANDONED: "It certainly did not leave.",
    EntryState.UNRESOLVED: "It was sent, no answer came, and nobody could tell whether it went out.",
    EntryState.STALE: "It belongs to something that is made anew.",
}

HEARD: Mapping[HeardBy, str] = {
    HeardBy.REPLY: "It was sent, and the platform answered that it is out.",
    HeardBy.LATE: "It was sent, and the platform answered late that it is out.",
    HeardBy.RECONCILE: "It was sent, the answer was lost or doubtful, and it was found where it went out.",
    HeardBy.WEBHOOK: "It was sent, and the platform told by itself that it is out.",
    HeardBy.PERSON: "A person found it, and settled it by hand.",
}


def says(entry: Mapping[str, Any]) -> str:
    """One entry of the ledger, for people."""
    state = EntryState(entry["state"])
    if not entry["visible"]:
        return UNSEEN.get(state, SEEN.get(state, ""))
    if state is EntryState.ANSWERED:
        return HEARD[HeardBy(entry["heard_by"])]
    looks = entry["looks"]
    return SEEN[state] + (f" The platform was asked {looks} times." if looks > 1 else "")

"""What can be turned at an account through the control API: each turn's name, the kinds of value that it takes, and what it does.

All of an order is carried out, or none of it and a `Problem` says why.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from waooaw_sandbox.kit import Json
from waooaw_sandbox.problem import Problem

State = TypeVar("State")
Account = TypeVar("Account")
Turn: TypeAlias = Callable[[State, Account, Any], Json | None]
Turns: TypeAlias = Mapping[str, tuple[tuple[type, ...], Turn[State, Account]]]


def turned(turns: Turns[State, Account], state: State, account: Account, changes: Json) -> Json:
    """Carry out `changes`. Returns what the turns have to tell."""
    for name, value in changes.items():
        if name not in turns:
            raise Problem(f"an account has no knob {name!r}", available=sorted(turns))
        kinds, _ = turns[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Problem(f"{name!r} takes {' or '.join(kind.__name__ for kind in kinds)}, not {value!r}")
    told: Json = {}
    for name, value in changes.items():
        told |= turns[name][1](state, account, value) or {}
    return told


def attribute(name: str, known: Iterable[Any] | None = None) -> Callable[[Any, Any, Any], None]:
    """A turn that sets the account's attribute of this name, to one of the `known` values where there are some."""

    def turn_one(state: Any, account: Any, value: Any) -> None:
        del state
        if known is not None and value is not None:
            all_known([value], known, name)
        setattr(account, name, value)

    return turn_one


def all_known(values: Iterable[Any], known: Iterable[Any], what: str) -> None:
    """Every one of `values` is among `known`."""
    words = {str(one) for one in known}
    strange = sorted({str(value) for value in values} - words)
    if strange:
        raise Problem(f"unknown {what}: {', '.join(strange)}", available=sorted(words))


def account_called(name: str, accounts: Mapping[str, Account]) -> Account:
    if name not in accounts:
        raise Problem(f"no account is called {name!r}", available=sorted(accounts), status=404)
    return accounts[name]

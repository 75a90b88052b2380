"""Knobs: what a platform might do one way or the other, as named values with a sentence each.

A knob exists because a fact could not be verified, or because a test wants another number. Values are set at the start
(`--knob youtube.uploads_per_day=3`) or by `POST /_sandbox/knobs/{platform}`; a reset returns to the values of the start.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from waooaw_sandbox.problem import Problem


@dataclass(frozen=True)
class Knob:
    name: str
    default: bool | int | float | str
    sentence: str
    choices: tuple[bool | int | float | str, ...] = ()


@dataclass
class Knobs:
    known: tuple[Knob, ...]
    start: dict[str, Any] = field(default_factory=dict[str, Any])
    values: dict[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        changes, self.start = self.start, {}
        self.reset()
        self.turn(changes)
        self.start = dict(self.values)

    def reset(self) -> None:
        self.values = {knob.name: knob.default for knob in self.known} | self.start

    def turn(self, changes: Mapping[str, Any]) -> None:
        """All of the changes, or none and a `Problem`."""
        known = {knob.name: knob for knob in self.known}
        for name, value in changes.items():
            if name not in known:
                raise Problem(f"no knob is called {name!r}", available=sorted(known))
            check_value(known[name], value)
        self.values.update(changes)

    def number(self, name: str) -> float:
        return float(self.values[name])

    def count(self, name: str) -> int:
        return int(self.values[name])

    def flag(self, name: str) -> bool:
        return bool(self.values[name])

    def word(self, name: str) -> str:
        return str(self.values[name])

    def describe(self) -> list[dict[str, Any]]:
        return [
            {"knob": k.name, "value": self.values[k.name], "default": k.default, "sentence": k.sentence}
            | ({"choices": list(k.choices)} if k.choices else {})
            for k in self.known
        ]


def check_value(knob: Knob, value: Any) -> None:
    """A value must be of the default's kind, and among the choices where there are some."""
    if knob.choices and value not in knob.choices:
        raise Problem(f"knob {knob.name!r} cannot be {value!r}", available=list(knob.choices))
    numeric = isinstance(knob.default, (int, float)) and not isinstance(knob.default, bool)
    fits = (
        isinstance(value, (int, float)) and not isinstance(value, bool)
        if numeric
        else type(value) is type(knob.default)
    )
    if not fits:
        raise Problem(f"knob {knob.name!r} takes a value like {knob.default!r}, not {value!r}")
    if numeric and value < 0:
        raise Problem(f"knob {knob.name!r} cannot be negative")


def parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    """`youtube.uploads_per_day=3` and the like, values as JSON where they are JSON, else as text."""
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise Problem(f"a knob is set by name=value, not by {assignment!r}")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found

"""The sweep bites: with any one rule taken out of the code, a test fails.

Each mutant is a copy of the sources with one place changed, under which the named tests are run in a process of their own. Exit status 1 is
a failed test; anything else (a collection error, a test that no longer exists) is no proof.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNER, MEMORY = "durable/runner.py", "durable/memory.py"
LEDGER, TRANSPORT, GATEWAY = "storage/plant/ledger.py", "wire/transport.py", "wire/gateway.py"
SWEEP, RULES = "tests/durable/test_crash_sweep.py", "tests/durable/test_ledger_rules.py"
YOUTUBE = "tests/durable/test_youtube_sweep.py"
FORMATS = "tests/durable/test_every_format_is_swept.py"


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    old: str
    new: str
    test: str
    pick: str = ""
    """pytest's -k."""

    def __str__(self) -> str:
        return self.name


MUTANTS = [
    Mutant(
        "no reconcile",
        RUNNER,
        "if doubt and (found := await self.reconcile(call, visible, doubt, seen)):",
        "if doubt and (found := None):",
        SWEEP,
    ),
    Mutant(
        "send without begin",
        RUNNER,
        "attempt = await self.ledger.begin(self.lease, call.name, audience=visible.audience, seen=seen)",
        "attempt = Attempt(publication_id=self.lease.publication_id, name=call.name, number=1)",
        SWEEP,
    ),
    Mutant(
        "abandon on a lost reply",
        RUNNER,
        "self.in_doubt[call.name] = self.clock.now().timestamp()",
        "await self.ledger.abandon(attempt)",
        SWEEP,
    ),
    Mutant(
        "a reconcile that uses recorded replies",
        RUNNER,
        "        outcome = await self.send(call)\n        if isinstance(outcome, Reply):\n            return call.understand(outcome)\n",
        "        book = self.runner.clock.__dict__.setdefault('book', {})\n"
        "        outcome = book.get(call.name) if looking and call.name in book else await self.send(call)\n"
        "        if isinstance(outcome, Reply):\n"
        "            book[call.name] = outcome\n"
        "            return call.understand(outcome)\n",
        YOUTUBE,
        "lags",
    ),
    Mutant("unfenced begin, in memory", MEMORY, "        kept = self.fenced(lease)\n        mine =", "        kept = self.kept[lease.publication_id]\n        mine =", RULES, "memory"),
    Mutant("unfenced begin, in SQL", LEDGER, "            record.fenced(lease)\n            record.unmoved(name, seen)\n            for doubted", "            record.unmoved(name, seen)\n            for doubted", RULES, "sqlite"),
    Mutant("unfenced begin, under zombies", MEMORY, "        kept = self.fenced(lease)\n        mine = self.unmoved(kept, name, seen)", "        kept = self.kept[lease.publication_id]\n        mine = [r for r in kept.rows if r.name == name]", SWEEP),
    Mutant("abandon by name, in memory", MEMORY, "        row.state = EntryState.ABANDONED\n", "        for r in kept.rows:\n            r.state = EntryState.ABANDONED if r.name == row.name else r.state\n", RULES, "memory"),
    Mutant("abandon by name, in SQL", LEDGER, ".where(_one(attempt)).values(state=EntryState.ABANDONED.value)", ".where(_named(attempt.publication_id, attempt.name)).values(state=EntryState.ABANDONED.value)", RULES, "sqlite"),
    Mutant("a wasteful reply kept unfenced, in memory", MEMORY, "        kept = self.fenced(lease)\n        for row", "        kept = self.kept[lease.publication_id]\n        for row", RULES, "memory"),
    Mutant("a wasteful reply kept unfenced, in SQL", LEDGER, "            record.fenced(lease)\n            for known in record.entries:", "            for known in record.entries:", RULES, "sqlite"),
    Mutant("no audience, in memory", MEMORY, "if audience and row.audience == audience:", "if False:", RULES, "memory"),
    Mutant("no audience, in SQL", LEDGER, "visible=True, audience=audience", "visible=True, audience=None", RULES, "sqlite"),
    Mutant("no audience: one is published with the other's post", MEMORY, "if audience and row.audience == audience:", "if False:", SWEEP, "look_alike"),
    Mutant("no not_after check", TRANSPORT, "elif self._not_after is not None and self._monotonic() > self._not_after:", "elif False:", YOUTUBE, "whatever_goes_wrong and text"),
    Mutant("no not_after at all", RUNNER, "not_after=before + self.delays.send_window", "not_after=None", SWEEP),
    Mutant("a reconcile delay that is too short", RUNNER, "runner.clock, runner.delays", "runner.clock, Delays(reconcile=1.0)", SWEEP, "acts_late"),
    Mutant("a default delay that a platform's lag outlasts", "durable/ports.py", "reconcile: float = 120.0", "reconcile: float = 60.0", FORMATS, "outlasts"),
    Mutant("a gateway that repeats a visible call on 503", GATEWAY, "case Harmless(repeatable=True) | Wasteful():", "case Harmless(repeatable=True) | Wasteful() | Visible():", YOUTUBE, "community"),
    Mutant("unsealed entries", LEDGER, "return self.sealer.seal(reply_to_bytes(reply), **_place(attempt))", "return reply_to_bytes(reply)", "tests/durable/test_sealed.py"),
    Mutant("a refusal while in doubt is called a failure", RUNNER, "        if sent is None:\n            return await self.end(Failed", "        if True:\n            return await self.end(Failed", SWEEP, "in_doubt"),
    Mutant("a stale session under a post that may be out", RUNNER, "if any(e.visible and e.state in {EntryState.OPEN, EntryState.ANSWERED} for e in later):", "if False:", SWEEP, "outlived"),
]  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_with_the_rule_taken_out_a_test_fails(mutant: Mutant, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "src" / "waooaw_social" / mutant.file
    text = file.read_text()
    assert text.count(mutant.old) == 1, "the place that the mutant changes is not there once"
    file.write_text(text.replace(mutant.old, mutant.new))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", str(ROOT / mutant.test)]
    run = subprocess.run(
        [*command, *(["-k", mutant.pick] if mutant.pick else [])],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 1, f"the mutant lives:\n{run.stdout[-3000:]}{run.stderr[-1000:]}"
    assert "waooaw_social" not in run.stderr, run.stderr[-1000:]

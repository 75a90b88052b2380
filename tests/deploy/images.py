"""Carries a Dockerfile out without Docker: its COPY, RUN, ENV and CMD lines as they stand, each stage in a folder of its own.

The base image is a fresh virtual environment: an interpreter with pip and nothing else. A stage is carried out at one fixed place and put
aside afterwards, because what is installed knows where it lies. Of USER and --chown nothing can be shown here.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTSIDE = re.compile(r"HOME|PIP_.*|SSL_.*|.*_(proxy|PROXY)|LANG|TMPDIR")
"""What a machine needs to be reached, and nothing of ours."""


@dataclass(kw_only=True)
class Stage:
    name: str
    base: str
    lines: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def stages(dockerfile: str) -> dict[str, Stage]:
    """Every stage by its name, its lines in order, continued ones joined."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile, flags=re.MULTILINE)
    found: dict[str, Stage] = {}
    stage = Stage(name="", base="")
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            stage = found[name] = Stage(name=name, base=base)
        elif word:
            stage.lines.append((word, rest.strip()))
    return found


def ignored(context: Path) -> set[str]:
    """The names at the top of `context` that .dockerignore leaves in."""
    lines = (context / ".dockerignore").read_text().splitlines()
    return {line.removeprefix("!") for line in lines if line.startswith("!")}


@dataclass(kw_only=True)
class Built:
    """A stage's folder, environment and command."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])
    command: list[str] = field(default_factory=list[str])


class Builder:
    """Builds stages under `place`. `here` is where the last one of them lies and can be started."""

    def __init__(self, dockerfile: str, context: Path, place: Path) -> None:
        self._stages, self._context, self._place = stages(dockerfile), context, place
        self.here = place / "here"
        subprocess.run([sys.executable, "-m", "venv", str(place / "python")], check=True)
        outside = {name: value for name, value in os.environ.items() if OUTSIDE.fullmatch(name)}
        self._outside = outside | {"PATH": f"{place / 'python' / 'bin'}:/usr/local/bin:/usr/bin:/bin"}
        self._built: dict[str, Built] = {}

    def build(self, name: str) -> Built:
        """The stage and what it stands on. It lies at `here` until the next one is built."""
        stage = self._stages[name]
        for needed in [stage.base, *re.findall(r"--from=(\S+)", " ".join(rest for _, rest in stage.lines))]:
            if needed in self._stages and needed not in self._built:
                self.build(needed)
        self._put_aside()
        below = self._built.get(stage.base)
        built = Built(folder=self._place / "stages" / name)
        if below:
            shutil.copytree(below.folder, self.here, symlinks=True)
            built.environment, built.command = dict(below.environment), below.command
        else:
            self.here.mkdir()
        for word, rest in stage.lines:
            self._carry_out(word, rest, built)
        (self._place / "lies-here").write_text(name)
        self._built[name] = built
        return built

    def environment(self, built: Built) -> dict[str, str]:
        return self._outside | built.environment

    def _carry_out(self, word: str, rest: str, built: Built) -> None:
        match word:
            case "ENV":
                known = self._outside | built.environment
                for name, value in re.findall(r"(\w+)=(\S+)", rest):
                    expanded = value.replace("$PATH", known["PATH"]).replace(self._workdir(), str(self.here))
                    built.environment[name] = expanded
            case "COPY":
                self._copy(rest)
            case "RUN":
                done = subprocess.run(
                    ["/bin/sh", "-c", rest], cwd=self.here, env=self.environment(built), capture_output=True, text=True
                )
                assert done.returncode == 0, f"RUN {rest}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            case "CMD":
                built.command = json.loads(rest)
            case "WORKDIR" | "USER" | "EXPOSE" | "HEALTHCHECK":
                pass
            case _:
                raise AssertionError(f"a line that this test cannot carry out: {word}")

    def _copy(self, rest: str) -> None:
        words = [word for word in shlex.split(rest) if not word.startswith("--")]
        chosen = re.search(r"--from=(\S+)", rest)
        *sources, target = words
        for source in sources:
            if chosen:
                where = self._built[chosen[1]].folder / Path(source).relative_to(self._workdir())
            else:
                where = self._context / source
            self._copy_one(where, self.here / target, into=target.endswith("/"))

    def _copy_one(self, source: Path, target: Path, *, into: bool) -> None:
        if source == self._context / ".":
            for name in ignored(self._context):
                self._copy_one(self._context / name, self.here / name, into=False)
        elif source.is_dir():
            left = shutil.ignore_patterns("__pycache__")
            shutil.copytree(
                source, target, symlinks=True, dirs_exist_ok=True, ignore=None if "venv" in source.name else left
            )
        else:
            shutil.copy(source, target / source.name if into else target)

    def _put_aside(self) -> None:
        if self.here.exists():
            name = (self._place / "lies-here").read_text()
            kept = self._place / "stages" / name
            kept.parent.mkdir(exist_ok=True)
            self.here.rename(kept)

    def _workdir(self) -> str:
        return next(rest for stage in self._stages.values() for word, rest in stage.lines if word == "WORKDIR")


def interpolated(value: Any, values: Mapping[str, str]) -> Any:
    """What compose makes of `${NAME}`, `${NAME:-default}` and `${NAME:?why}`, anywhere in a file. KeyError where a needed one is missing."""

    def one(found: re.Match[str]) -> str:
        name, kind, rest = found[1], found[2], found[3] or ""
        if given := values.get(name, ""):
            return given
        if kind == ":?":
            raise KeyError(f"{name}: {rest}")
        return rest

    if isinstance(value, dict):
        return {name: interpolated(inner, values) for name, inner in value.items()}
    if isinstance(value, list):
        return [interpolated(inner, values) for inner in value]
    return re.sub(r"\$\{(\w+)(:-|:\?)?([^}]*)\}", one, value) if isinstance(value, str) else value

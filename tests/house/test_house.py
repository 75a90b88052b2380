"""The house's rules that a program can check."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from waooaw_social.settings import Settings

ROOT = Path(__file__).parents[2]
PRODUCT, SANDBOX = ROOT / "src/waooaw_social", ROOT / "src/waooaw_sandbox"
SOURCES = sorted(p for p in [*PRODUCT.rglob("*.py"), *SANDBOX.rglob("*.py")] if "versions" not in p.parts)

LONG_FILE, LONG_FUNCTION = 250, 40
REASON = re.compile(r"\b(long|longer|length)\b", re.IGNORECASE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_says_what_room_it_is_and_a_long_one_says_why(path: Path) -> None:
    text = path.read_text()
    head = ast.get_docstring(ast.parse(text)) or ""
    assert head or not text.strip(), "a file begins with what it is"
    assert len(text.splitlines()) <= LONG_FILE or REASON.search(head), "a long file gives its reason at its head"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    functions = [
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = [
        f"{f.name} has {f.end_lineno - f.lineno + 1} lines"
        for f in functions
        if f.end_lineno
        and f.end_lineno - f.lineno + 1 > LONG_FUNCTION
        and not REASON.search(ast.get_docstring(f) or "")
    ]
    assert not long


def test_one_room_imports_an_http_client() -> None:
    allowed = {"transport.py", "aio.py", "httpx2_pool.py"}
    importing = re.compile(r"^\s*(import|from) (httpx2|httpx|aiohttp|requests|urllib\.request)\b", re.MULTILINE)
    found = {name(p) for p in PRODUCT.rglob("*.py") if importing.search(p.read_text()) and p.name not in allowed}
    assert not found


def test_nobody_above_the_platforms_asks_which_platform_it_is() -> None:
    asking = re.compile(r"platform\s*(==|!=|in)\s*[\"'({]")
    above = [p for p in PRODUCT.rglob("*.py") if "platforms" not in p.parts]
    assert not [name(p) for p in above if asking.search(p.read_text())]


def test_no_framework_tells_anybody_what_it_serves() -> None:
    made = {name(p): re.findall(r"\bFastAPI\(.*", p.read_text()) for p in PRODUCT.rglob("*.py")}
    assert any(made.values())
    assert not [path for path, calls in made.items() for call in calls if "telemetry=NO_TELEMETRY" not in call]


def test_only_the_storage_speaks_sql() -> None:
    found = {
        name(p)
        for p in PRODUCT.rglob("*.py")
        if "storage" not in p.parts and re.search(r"^\s*(import|from) sqlalchemy", p.read_text(), re.MULTILINE)
    }
    assert not found


def test_nothing_is_patched_and_nothing_sleeps_on_the_wall_clock() -> None:
    forbidden = re.compile(
        r"mock\.patch|from unittest import mock|import unittest\.mock|monkeypatch\.setattr\(|\btime\.sleep\("
    )
    own = Path(__file__)
    assert not [name(p) for p in (ROOT / "tests").rglob("*.py") if p != own and forbidden.search(p.read_text())]


def test_nothing_of_where_it_was_made_is_committed() -> None:
    hosts = ["py" + "pi.org", "pythonhosted" + ".org", "registry.npm" + "js", "deb.de" + "bian.org"]
    places = ["/wo" + "rk/", "/ro" + "ot/"]
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    committed = listed.stdout.split()
    assert committed, listed.stderr
    texts = {p: (ROOT / p).read_text(errors="ignore") for p in committed if (ROOT / p).is_file()}
    assert not [(p, word) for p, text in texts.items() for word in hosts + places if word in text]


def test_every_setting_is_documented_as_it_is() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    missing = [row for row in settings_rows() if row not in page]
    assert not missing, "docs/settings.md lacks:\n" + "\n".join(missing)


def settings_rows() -> list[str]:
    rows: list[str] = []
    for field, info in Settings.model_fields.items():
        variable = (info.alias or field).upper()
        default = info.default
        shown = "********" if type(default).__name__ == "SecretStr" else default
        told = {None: "", "": "", frozenset(): ""}.get(shown, f"`{shown}`")
        rows.append(f"| `{variable}` | {told} | {info.description} |")
    return rows


def test_every_link_of_the_documents_leads_somewhere() -> None:
    link = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
    broken: list[str] = []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in link.findall(page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{name(page)}: {target}")
    assert not broken


def test_the_readme_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert lines[1].startswith("make run") and lines[2].startswith("make test")

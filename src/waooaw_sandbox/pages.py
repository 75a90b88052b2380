"""HTML for people: the shell every page of the sandbox wears, and the index page."""

from collections.abc import Mapping, Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #f6f5f2; --card: #fff; --line: #ddd8ce; --accent: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ink: #ecebe8; --paper: #17181a; --card: #212326; --line: #3a3d41; --accent: #ff8a80 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.5rem; margin: 1rem 0 }
video, img { max-width: 100%; max-height: 70vh; border-radius: 10px; background: #000; display: block; margin: 0 auto 1rem }
h1 { font-size: 1.35rem; margin: .2rem 0 } .quiet { opacity: .7; font-size: .9rem } pre { white-space: pre-wrap; font: inherit }
button { font: inherit; padding: .5rem 1.2rem; border-radius: 99px; border: 1px solid var(--line); cursor: pointer }
button.main { background: var(--accent); color: var(--paper); border: 0 } label { display: block; padding: .3rem 0 }
a { color: var(--accent) } code { font-size: .9em } .mark { font-size: .75rem; letter-spacing: .08em; text-transform: uppercase; opacity: .6 }
"""


def page(title: str, content: str) -> str:
    """`content` is HTML already; `title` is not."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f'<body><main><p class="mark">sandbox, not the real platform</p>{content}</main></body></html>'
    )


def index_page(platforms: Sequence[str], clock: Mapping[str, object]) -> str:
    links = "".join(
        f'<li><a href="{path}"><code>{path}</code></a> {escape(text)}</li>'
        for path, text in [
            ("/_sandbox/accounts", "the seeded accounts, with working tokens"),
            ("/_sandbox/faults", "every fault there is, and those now armed"),
            ("/_sandbox/clock", "the sandbox's clock"),
            ("/_sandbox/calls", "every call received, in order"),
            ("/_sandbox/media/sample.mp4", "a small vertical video; also sample.jpg and sample.png"),
            *((f"/_sandbox/knobs/{name}", f"knobs and quota of {name}") for name in platforms),
        ]
    )
    return page(
        "Sandbox",
        f'<div class="card"><h1>The sandbox</h1><p>https://HOST/PATH is served here at /HOST/PATH. '
        f"Its clock shows {escape(str(clock['now']))}, {clock['offset']} seconds ahead of the machine's.</p>"
        f"<ul>{links}</ul><p class='quiet'>Platforms: {escape(', '.join(platforms))}. The rest is in docs/sandbox.md.</p></div>",
    )

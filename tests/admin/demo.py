"""State that looks like a site's: for pictures and for tests in a browser."""

from datetime import timedelta

THEMES = ["light", "dark", "auto"]
AGES = [0.01, 0.2, 3, 20, 60, 200, 500]  # days


def fill(store, clock):
    """Write scopes of several families and ages; the clock ends where it began."""
    now = clock.time
    for number in range(1, 41):
        clock.time = now - timedelta(days=AGES[number % len(AGES)]).total_seconds()
        store.set_many(
            f"user:{number}",
            {
                "theme": THEMES[number % 3],
                "profile": {"name": f"Person {number}", "tags": ["a", "b"], "visits": number},
            },
        )
    for number in range(1, 25):
        clock.time = now - timedelta(days=AGES[number % 4]).total_seconds()
        store.set(f"flow:{number:04x}", "count", number * 17)
        store.set(f"node:n{number}:f{number % 5}", "last", {"payload": "on", "topic": f"lamp/{number}"})
    for number in range(1, 11):
        clock.time = now - timedelta(hours=number * 5).total_seconds()
        store.set(f"session:{number * 7919:x}", "wizard", {"step": number % 3 + 1, "answers": {}}, ttl=86400 * 30)
    clock.time = now
    store.set("global", "maintenance", False)
    store.set("global", "announcement", {"text": "We move on Sunday.", "until": "2030-01-01", "at": [1, 2.5, None]})
    return store


def hostile(store):
    """Write names and values that want to harm a page."""
    script = "<script>alert(1)</script>"
    store.set_many(
        f"user:{script}",
        {
            script: script,
            "'\"><img src=x onerror=alert(1)>": {script: [script, "</textarea>", "</ul></details>"]},
            "a\u202egnp.exe": "abc\u202e\u2066def\u0000\u001b[31m",
            "k" * 200: "long " * 5000,
            "🦊" * 100: {"🦊": "👨\u200d👩\u200d👧"},
            "عربي": {"مفتاح": "قيمة"},
        },
    )
    return f"user:{script}"

"""All proofs with figures, one after the other, and one table of them at the end: what `make soak` runs.

python -m tests.servers run -- python -m tests.prove.soak [--short] [WORD]…

About forty minutes on an idle machine; --short takes some minutes. With words only the proofs whose names have one
of them. Every proof has its control: a naive way of doing the same, which must be caught.
"""

import argparse
import sys
import time
from typing import NamedTuple

from tests.prove import crash, failover, history, kill, likeness, register, revive, updates
from tests.prove.site import set_up, table
from tests.prove.stores import known, named
from tests.servers import ServerUnavailable

HEADER = ("proof", "store", "runs", "operations", "lost or wrong", "the control's", "seconds", "")
CLEANED = ("default", "postgres", "mariadb", "redis")
KILLED = ("sqlite", "postgres", "mariadb", "redis")


class Size(NamedTuple):
    """How long it all takes."""

    writes: int  # by each of eight processes
    seconds: int  # of a register history
    control: int  # seconds of a control's
    kills: int
    server_kills: int
    scopes: int  # of a clean that is killed
    revived: int  # scopes that are cleaned, or come alive
    turns: int  # of a layered store's writers
    sequences: int  # of fifty random verbs


LONG = Size(250, 60, 5, 50, 10, 50_000, 3_000, 1500, 60)
SHORT = Size(50, 3, 2, 3, 1, 3_000, 300, 100, 5)


class Row(NamedTuple):
    """A line of the table, without its seconds."""

    proof: str
    store: str
    runs: int
    operations: int
    wrong: object
    control: object
    verdict: str


def counters(size, name):
    """Eight processes add to one number by every verb that can."""
    with named(name) as store:
        lost = {way: updates.lost(store, way, 8, size.writes) for way in updates.WAYS}
    naive = lost.pop("naive")
    total = 8 * size.writes * len(lost)
    verdict = "BROKEN" if any(lost.values()) else "ok" if naive else "THE CONTROL LOST NOTHING"
    return Row("no update is lost", name, len(lost), total, sum(lost.values()), naive, verdict)


def registers(size, name):
    """Six processes, and the checker."""
    with named(name) as store:
        rows = [register.prove(name, store, size.seconds), *register.prove_controls(name, store, size.control)]
    return _register("every key is a register", rows)


def registers_by_wrong_clocks(size, name):
    with named(name) as store:
        return _register(
            "… by clocks that are wrong", [register.prove_with_wrong_clocks(name, store, size.seconds // 3)]
        )


def registers_under_kills(size, name):
    return _register(
        "… while the server is killed", [register.prove_under_kills(name, size.seconds, size.server_kills)]
    )


def _register(proof, rows):
    """One line of a history and of its controls."""
    first, controls = rows[0], [row[-2] for row in rows[1:]]
    verdict = next((row[-1] for row in rows if row[-1] != "ok"), "ok")
    return Row(proof, first[0], first[2] or 1, first[4], first[-2], " and ".join(map(str, controls)), verdict)


def killed_writers(size, name):
    return _crash("kill -9 of writers", name, "writers", size.kills)


def killed_servers(size, name):
    return _crash("kill -9 of the server under load", name, "server", size.server_kills)


def _crash(proof, name, victim, kills):
    *_, acknowledged, lost, half, verdict = crash.prove(name, victim, kills)
    *_, naive, _, second = crash.prove(name, victim, max(3, kills // 5), safe=False)
    return Row(proof, name, kills, acknowledged, lost + half, naive, verdict if verdict != "ok" else second)


def killed_cleaners(size, name):
    """Each kill must find every scope whole or gone, and the last run must end as if nothing had been."""
    *_, half, _, _, _, verdict = kill.prove(name, size.scopes, size.kills)
    *_, naive, _, _, _, second = kill.control(name, max(5, size.kills // 5))
    return Row(
        "kill -9 of cleaners", name, size.kills, size.scopes, half, naive, verdict if verdict != "ok" else second
    )


def revived(size, name):
    """Scopes that come alive while others clean."""
    with named(name) as store:
        gone, left = revive.lost(store, size.revived)
        naive, _ = revive.lost(store, size.revived, revive.clean_by_hand)
    verdict = "BROKEN" if gone or left else "ok" if naive else "THE CONTROL LOST NOTHING"
    return Row("what comes alive during a clean stays", name, 1, size.revived, gone + left, naive, verdict)


def like_a_dict(size, name):
    """Random verbs; the first difference is raised, and the control's must be."""
    with named(name) as store:
        likeness.run(store, lambda same: same, size.sequences, 50)
        found_out = likeness.forgetting_is_found_out(store)
    verdict = "ok" if found_out else "THE CONTROL LOST NOTHING"
    return Row("it does what a dict does", name, size.sequences, size.sequences * 50, 0, int(found_out), verdict)


def layered_grows(size, name):
    return _layered("nobody reads back: a number grows", name, size.turns, history.GROWING)


def layered_comes_and_goes(size, name):
    return _layered("nobody reads back: it comes and goes", name, size.turns, history.COMING_AND_GOING)


def _layered(proof, name, turns, each):
    """Readers never see less than anybody saw before, whatever two writers do."""
    with named(name) as store:
        faults, reads = history.faults(store, turns, history=each)
        naive = [history.found_out(store, bug) for bug in history.BUGS.values()]
    verdict = "BROKEN" if faults else "ok" if all(naive) else "THE CONTROL LOST NOTHING"
    return Row(proof, name, 1, reads, faults, " and ".join(map(str, naive)), verdict)


def failovers(size, name):
    """Primaries that go under load: what their replicas had not got may be lost, no answer may be wrong."""
    found = list(failover.prove_all("valkey", [name], failover.SCENARIOS if size is LONG else ["kill"]))
    column = {title: failover.HEADER.index(title) for title in ("calls", "lost", "wrong")}
    runs = [row for row in found if "control" not in row[1]]
    calls, lost, wrong = (sum(row[at] or 0 for row in runs) for at in column.values())
    naive = sum(row[column["lost"]] or 0 for row in found if row not in runs)
    verdict = next((row[-1] for row in found if row[-1] != "ok"), "ok")
    return Row("failover under load", name, len(runs), calls, f"{wrong}, and {lost} not replicated", naive, verdict)


def layers():
    return [name for name in known() if name.startswith("layered")]


PROOFS = {
    like_a_dict: known,
    counters: known,
    registers: known,
    registers_by_wrong_clocks: known,
    registers_under_kills: lambda: crash.SERVERS,
    killed_writers: lambda: KILLED,
    killed_servers: lambda: crash.SERVERS,
    killed_cleaners: lambda: CLEANED,
    revived: known,
    failovers: lambda: list(failover.GROUPS),
    layered_grows: layers,
    layered_comes_and_goes: layers,
}


def rows(size, words):
    """Carry the proofs out; yield their rows, each with the seconds that it took."""
    for proof, names in PROOFS.items():
        for name in names():
            if not words or any(word in f"{proof.__name__} {name}" for word in words):
                began = time.perf_counter()
                row = tried(proof, size, name)
                yield (*row[:-1], f"{time.perf_counter() - began:.0f}", row.verdict)


def tried(proof, size, name):
    """Return the row of a proof; what is raised makes one too."""
    title = proof.__name__.replace("_", " ")
    try:
        return proof(size, name)
    except ServerUnavailable as reason:
        return Row(title, name, 0, 0, "", "", f"NOT RUN: {str(reason).splitlines()[0]}")
    except Exception as error:  # noqa: BLE001 (the others are to be seen too)
        return Row(title, name, 0, 0, "", "", f"FAILED: {type(error).__name__}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    set_up()
    found = []
    for row in rows(SHORT if options.short else LONG, options.words):
        print(*row, sep=" | ", file=sys.stderr, flush=True)
        found.append(row)
    table(HEADER, found)
    return int(not found or any(row[-1] != "ok" for row in found))


if __name__ == "__main__":
    sys.exit(main())

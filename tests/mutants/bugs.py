"""The bugs: what each would do to a user, where it is planted, and the tests that must catch it."""

from typing import NamedTuple

RULES, THREADS, EVERY = (
    "tests/contract/test_rules.py",
    "tests/contract/test_concurrency.py",
    "tests/faults/test_every_call.py",
)
MODEL, LAYERED, FAILURES = (
    "backends/model.py",
    "tests/backends/test_layered.py",
    "tests/backends/test_redis_failures.py",
)


class Bug(NamedTuple):
    """In the file, below `statestore/`, `right` stands once; `wrong` takes its place."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...]
    servers: bool = False  # do they need any? Without, there is less to collect


BUGS = [
    Bug(
        "lost update: a change is written over whatever is there by now",
        "backends/writing.py",
        "self._tell(self._write, scope, {name: text}, stamp, found)",
        "self._tell(self._write, scope, {name: text}, stamp, None)",
        (THREADS, "-k", "default and (increments_lose_nothing or updates_lose_nothing)"),
    ),
    Bug(
        "several keys are written in several transactions",
        MODEL,
        "return bool(self._db.write(*self._sql.upsert(scope, rows, stamp)))",
        "return all([self._db.write(*self._sql.upsert(scope, [row], stamp)) for row in rows])",
        (EVERY, "-k", "statement and default"),
    ),
    Bug(
        "a bulk write that is refused half way leaves its first half",
        "backends/writing.py",
        "self._put_texts(check_scope(scope), self._texts(scope, mapping), ttl)",
        "[self._put_texts(check_scope(scope), self._texts(scope, {k: mapping[k]}), ttl) for k in mapping][-1]",
        (RULES, "-k", "memory and (bad_key_among or refuse or share_a_version)"),
    ),
    Bug(
        "keys() lists what has expired",
        "backends/memory.py",
        "return [key for key, record in self._scopes.get(scope, {}).items() if record.is_live(now)]",
        "return [key for key, record in self._scopes.get(scope, {}).items() if now]",
        (RULES, "-k", "memory and expired_entry_is_missing"),
    ),
    Bug(
        "the delete of a scope takes those whose names start alike",
        MODEL,
        'f"{self._sql.scope} = %s", [self._sql.name(scope)], columns=self._sql.expires_at',
        'f"{self._sql.scope} LIKE %s", [f"{scope}%"], columns=self._sql.expires_at',
        (RULES, "-k", "default and delete"),
    ),
    Bug(
        "an active id covers those that start alike",
        "names.py",
        "any(part in active for part in leading(scope))",
        "any(scope.startswith(part) for part in active)",
        ("tests/test_names.py", "-k", "active"),
    ),
    Bug(
        "a clean does not look again before it removes",
        MODEL,
        "gone |= self._count_deleted(*self._sql.unused(rest, unused_since, now), now, LONG)",
        "gone |= self._count_deleted(*self._sql.unused(rest, 1 << 62, now), now, LONG)",
        (RULES, "-k", "default and after_it_was_looked_at"),
    ),
    Bug(
        "a clean takes what is written between its look and its delete",
        "backends/model_clean.py",
        "if sql.for_update and db.rows(*sql.rest_of(",
        "if None and db.rows(*sql.rest_of(",
        ("tests/backends/test_model_clean.py", "-k", "between and postgres or between and entries"),
        servers=True,
    ),
    Bug(
        "a clean removes what it has not looked at",
        "backends/sql_vendors.py",
        'f"{self.scope} IN ({self.unpacked})", [chr(SEPARATOR).join(gone)]',
        "self.not_among(self.scope, kept)",
        ("tests/backends/test_model_clean.py", "-k", "while_another_is_removed"),
        servers=True,
    ),
    Bug(
        "a clean of SQLite lets others write between its look and its delete",
        "backends/sql.py",
        'self.hold_writers = f"DELETE FROM {table} WHERE 0"',
        'self.hold_writers = f"SELECT 1 FROM {table} WHERE 0"',
        ("tests/backends/test_model_clean.py", "-k", "nobody_writes_to_sqlite"),
        servers=True,
    ),
    Bug(
        "a clean takes what lies below an active id",
        "names.py",
        'max(map(str.count, found, repeat(":")), default=0) <= self._fewest',
        "found",
        (RULES, "-k", "memory and covers_what_lies_below"),
    ),
    Bug(
        "a clean trusts a clock that was set back",
        "backends/walking.py",
        "cutoff -= clock.went()",
        "clock.went()",
        ("tests/test_clocks.py", "-k", "memory and during"),
    ),
    Bug(
        "a version comes back when an entry is created again in the same moment",
        "backends/writing.py",
        "return Stamp(new_version(), now, None if lifetime is None else self._end(now, lifetime, None))",
        'return Stamp(f"{now % 10**16:016}", now, lifetime and now + lifetime)',
        (RULES, "-k", "memory and (never_used_twice or does_not_fit_its_successor)"),
    ),
    Bug(
        "a read that fails says that there is nothing",
        "backends/core.py",
        "raise self._unwell(error, writing=False) from error\n\n    def _tell",
        "return {}\n\n    def _tell",
        (RULES, "-k", "memory and failing_backend"),
    ),
    Bug(
        "a database that is gone has no rows",
        "backends/database.py",
        "if not self.reconnects(error, watch) or watch.was_cut:\n                    raise",
        "if not self.reconnects(error, watch) or watch.was_cut:\n                    return []",
        (EVERY, "-k", "statement and postgres-through and before and not transaction"),
        servers=True,
    ),
    Bug(
        "a commit whose answer is lost is called a failure",
        "backends/database.py",
        "return self.database.connection.connection is not driver or self.database.lost(error, watch)",
        "return False",
        (EVERY, "-k", "statement and after and postgres"),
        servers=True,
    ),
    Bug(
        "a copy is put into the fast store though it was overtaken",
        "backends/layered_front.py",
        'return "_write", (scope, {cell(key): text}, stamp, lease)',
        'return "_write", (scope, {cell(key): text}, stamp, None)',
        (LAYERED, "-k", "overtaken"),
    ),
    Bug(
        "a write that timed out is sent again",
        "backends/redis_link.py",
        "if writing or isinstance(error.__cause__, TimeoutError):",
        "if isinstance(error.__cause__, TimeoutError):",
        (FAILURES, "-k", "sent_once_and_unknown"),
    ),
    Bug(
        "a scope and its index lie in different slots of a cluster",
        "backends/redis_layout.py",
        'return Place(b"%b:%b" % (index, name), index, name)',
        'return Place(b"%b:%b" % (index.replace(b"{", b"").replace(b"}", b""), name), index, name)',
        ("tests/backends/test_redis_layout.py", "-k", "in_one_slot"),
    ),
    Bug(
        "the admin shows a stored text as HTML",
        "admin/tree.py",
        "return _UNSEEN.sub(lambda found: _sign(found[0]), escape(text))",
        "return _UNSEEN.sub(lambda found: _sign(found[0]), text)",
        ("tests/admin/test_tree.py",),
    ),
    Bug(
        "signals go out before the commit",
        MODEL,
        "transaction.on_commit(action, using=self.database, robust=True)",
        "action()",
        ("tests/backends/test_model.py", "-k", "default and signals"),
    ),
    Bug(
        "a server that has stopped holds its callers",
        "backends/watchdog.py",
        "_shut(watch.connection.connection)",
        "_shut(None)",
        ("tests/backends/test_watchdog.py",),
    ),
]

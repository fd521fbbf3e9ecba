"""``ModelStore``: on the site's database. The durable default."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, Error, transaction

from statestore.backends.base import StateStore
from statestore.backends.below import way_of
from statestore.backends.database import Database
from statestore.backends.drivers import is_conflict
from statestore.backends.hooks import Others
from statestore.backends.model_clean import LONG, Clean, OvertakenError, Part
from statestore.backends.sql import Dialect
from statestore.backends.sql_vendors import DIALECTS
from statestore.entries import ABSENT, Cleaned, Page, Record, ScopeInfo, Sentinel, Stamp, to_datetime
from statestore.exceptions import StoreUnavailable
from statestore.names import prefix_end

DEFAULTS: Mapping[str, Any] = {"database": DEFAULT_DB_ALIAS, "timeout": 10.0, "prepare": None}


class ModelStore(StateStore):
    """Keeps a row an entry, on any database alias. Joins the caller's transaction.

    ``OPTIONS``: ``database`` (its alias), ``timeout`` (seconds within which a server has to answer a statement;
    those of a listing and a clean have ``LONG`` times as many) and ``prepare`` (may PostgreSQL keep prepared
    statements under names? If not said, where the alias is without ``DISABLE_SERVER_SIDE_CURSORS``).
    """

    vendor_errors = (Error,)
    durable = True
    shared = True
    transactional = True

    def __init__(self, alias: str = "default", params: Mapping[str, Any] | None = None) -> None:
        super().__init__(alias, params)
        for problem in self.option_problems(alias, params or {}):
            raise ImproperlyConfigured(f"STATESTORE['STORES'][{alias!r}]: {problem}")
        options = {**DEFAULTS, **self.config.options}
        self.database = options["database"]
        self._db = Database(self.database, alias, options["timeout"])

    @classmethod
    def option_problems(cls, alias: str, params: Mapping[str, Any]) -> list[str]:
        """Return what is wrong with ``OPTIONS``, as sentences."""
        options = params.get("OPTIONS") or {}
        found = [f"OPTIONS: {name!r} is not an option of a ModelStore." for name in options if name not in DEFAULTS]
        if not isinstance(options.get("database", ""), str):
            found.append("OPTIONS: database is the alias of one, a text.")
        timeout = options.get("timeout", 1)
        if type(timeout) not in (int, float) or not 0 < timeout <= 3600:
            found.append("OPTIONS: timeout is a number of seconds above 0 and up to 3600.")
        if type(options.get("prepare", True)) is not bool:
            found.append("OPTIONS: prepare is True or False.")
        return found

    # -- reading

    def _open(self) -> None:
        from statestore.models import Entry  # models load after the settings

        connection = self._db.connection
        if connection.vendor not in DIALECTS:
            raise ImproperlyConfigured(f"A ModelStore works on {', '.join(DIALECTS)}; not on {connection.vendor}.")
        named = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")  # which says that there is a pooler
        self._db.below = way_of(connection, named=self.config.options.get("prepare", named))
        self._sql: Dialect = DIALECTS[connection.vendor](connection, Entry._meta.db_table)  # noqa: SLF001 (public by name)

    def _read_one(self, scope: str, key: str) -> Record | None:
        rows = self._db.rows(self._sql.read_one, self._sql.place(scope, key))
        return _record(*rows[0]) if rows else None

    def _read_to_change(self, scope: str, key: str) -> Record | None:
        # Within a transaction the row is locked, so that trying again is not needed; outside one a lock is no use.
        if not self._db.connection.in_atomic_block:
            return self._read_one(scope, key)
        rows = self._db.rows(self._sql.lock_one, self._sql.place(scope, key))
        return _record(*rows[0]) if rows else None

    def _read(self, scope: str, keys: Collection[str] | None) -> Mapping[str, Record]:
        sql = self._sql
        statement = (sql.read_all, [sql.name(scope)]) if keys is None else sql.read_some(scope, list(keys))
        return {sql.plain(key): _record(*record) for key, *record in self._db.rows(*statement)}

    def _stamps(self, scope: str) -> Mapping[str, Stamp]:
        return self._stamps_by(self._sql.stamps, scope)

    def _stamps_by(self, statement: str, scope: str) -> dict[str, Stamp]:
        rows = self._db.rows(statement, [self._sql.name(scope)])
        return {self._sql.plain(key): Stamp(*stamp) for key, *stamp in rows}

    def _keys(self, scope: str, now: int) -> list[str]:
        return self._sql.plain_names(self._db.rows(self._sql.keys, (self._sql.name(scope), now)))

    def _texts_of(self, scope: str, keys: Collection[str], now: int) -> Mapping[str, bytes]:
        return self._sql.plain_texts(self._db.rows(*self._sql.texts(scope, list(keys), now)))

    def _stamps_of(self, scopes: Sequence[str]) -> Mapping[str, Mapping[str, Stamp]]:
        found: dict[str, dict[str, Stamp]] = {}
        where, params = self._sql.among(self._sql.scope, self._sql.names(scopes))
        for scope, key, *stamp in self._db.rows(f"{self._sql.stamps_of} {where}", params):
            found.setdefault(self._sql.plain(scope), {})[self._sql.plain(key)] = Stamp(*stamp)
        return found

    def _scan(self, prefix: str, after: str, limit: int, idle_since: int | None, now: int) -> Page:
        statement = self._sql.scan(prefix, after, prefix_end(prefix), limit, idle_since, now)
        infos = [
            ScopeInfo(self._sql.plain(name), entries, int(size), to_datetime(used))
            for name, entries, size, used in self._db.rows(*statement, LONG)
        ]
        return Page(infos, infos[-1].name if len(infos) == limit else None)

    # -- writing

    def _write(self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, expect: str | Sentinel | None) -> bool:
        # In the order of the keys, so that two bulk writes never wait for each other in a circle.
        rows = sorted(texts.items())
        if expect is None:
            return bool(self._db.write(*self._sql.upsert(scope, rows, stamp)))
        if expect is ABSENT:
            return self._create(scope, *rows[0], stamp)
        return bool(self._db.write(*self._sql.overwrite(scope, *rows[0], stamp, expect)))

    def _write_unchanged(
        self, scope: str, texts: Mapping[str, bytes], stamp: Stamp, versions: Mapping[str, str]
    ) -> bool:
        try:
            with self._db.atomic(), self._turn(scope):
                self._db.rows(*self._sql.lock([scope]))
                # As it is now, not as a transaction that is open here has seen it.
                found = self._stamps_by(f"{self._sql.stamps} {self._sql.for_update}", scope)
                if {key: each.version for key, each in found.items() if each.is_live(stamp.updated_at)} != versions:
                    return False
                if versions and not versions.keys() & texts.keys():
                    self._touch(scope, stamp.updated_at)  # else a clean that has looked before would not notice
                for key, text in sorted(texts.items()):
                    # Others may write without a condition meanwhile, so each entry has its own.
                    if not self._write(scope, {key: text}, stamp, versions.get(key, ABSENT)):
                        raise OvertakenError
        except OvertakenError:
            return False
        return True

    @contextmanager
    def _turn(self, scope: str) -> Iterator[None]:
        """Let those who write over a scope's versions do so one after the other, also where nothing is yet to lock.

        They meet at a row without a key, which nobody sees: it has expired long ago, and goes before the commit.
        """
        self._db.write(*self._sql.upsert(scope, [("", b"null")], Stamp("", 0, 1)))
        yield
        self._db.write(*self._sql.delete_one(scope, ""))

    def _create(self, scope: str, key: str, text: bytes, stamp: Stamp) -> bool:
        sql, (statement, params) = self._sql, self._sql.create(scope, key, text, stamp)
        connection = self._db.connection
        if connection.vendor != "mysql":
            return bool(self._db.write(statement, params))
        if self._db.can("can_return_columns_from_insert"):  # MariaDB
            return self._db.write_rows(f"{statement} RETURNING {sql.version}", params) == [(stamp.version,)]
        with self._db.atomic():  # the row stays locked until it was looked at
            self._db.write(statement, params)
            return self._db.rows(sql.version_there, (sql.name(scope), sql.name(key))) == [(stamp.version,)]

    def _touch(self, scope: str, now: int) -> bool:
        return bool(self._db.write(self._sql.touch, (now, self._sql.name(scope), now)))

    # -- removing

    def _remove(self, scope: str, keys: Collection[str], expect: str | None, now: int) -> list[str]:
        sql = self._sql
        rows = self._delete_rows(
            *sql.these(scope, sorted(keys), expect, now), columns=f"{sql.key}, {sql.expires_at}"
        )
        return [sql.plain(key) for key, expires_at in rows if expires_at is None or expires_at > now]

    def _delete(
        self, scope: str, now: int, unused_since: int | None = None, versions: Mapping[str, str] | None = None
    ) -> int | None:
        if unused_since is not None:
            return self._clean([scope], unused_since, now).get(scope)
        if versions is None:
            rows = self._delete_rows(
                f"{self._sql.scope} = %s", [self._sql.name(scope)], columns=self._sql.expires_at
            )
            return sum(expires_at is None or expires_at > now for (expires_at,) in rows)
        condition = self._sql.unchanged(scope, list(set(versions.values())), len(versions), now)
        with self._locked([scope]):
            return self._count_deleted(*condition, now).get(scope)

    def _clean_next(
        self, prefix: str, after: str, upto: str | None, limit: int, others: Others, unused_since: int, now: int
    ) -> Cleaned:
        if self._sql.joined:
            part = Part(prefix, after, prefix_end(prefix), upto)
            try:
                return self._clean_at_once(Clean(self._db, self._sql, unused_since, now), part, limit, others)
            except OvertakenError:
                pass
            except Error as error:
                if not is_conflict(error):
                    raise
        return super()._clean_next(prefix, after, upto, limit, others, unused_since, now)

    def _clean_at_once(self, clean: Clean, part: Part, limit: int, others: Others) -> Cleaned:
        ours = self._db.begins_transactions()
        with self._db.atomic():
            if ours and self._sql.along_the_index:  # in the caller's it would hold for what comes after, too
                self._db.write(self._sql.along_the_index, ())
            return clean.step(part, limit, others)

    def _clean(self, names: Iterable[str], unused_since: int, now: int) -> dict[str, int]:
        names = list(names)
        gone = self._clean_alone(names, unused_since, now)
        rest = [name for name in names if name not in gone]
        if rest:
            with self._locked(rest, LONG):
                gone |= self._count_deleted(*self._sql.unused(rest, unused_since, now), now, LONG)
        return gone

    def _clean_alone(self, names: list[str], unused_since: int, now: int) -> dict[str, int]:
        condition = self._sql.unused_alone(names, unused_since)
        if condition is None:
            return {}
        rows = self._delete_rows(*condition, LONG, columns=f"{self._sql.scope}, {self._sql.expires_at}")
        return {name: 1 for name, expires_at in rows if expires_at is None or expires_at > now}

    def _sweep(self, prefix: str, after: str, last: str | None, now: int) -> None:
        where, params = self._sql.expired(prefix, after, prefix_end(prefix), last, now)
        self._db.write(f"DELETE FROM {self._sql.table} WHERE {where}", params, LONG)

    def _count_deleted(self, where: str, params: Any, now: int, patience: int = 1) -> dict[str, int]:
        """Delete the rows under a condition and return how many live ones went, by scope."""
        sql = self._sql
        if self._db.connection.vendor == "postgresql":
            statement, values = sql.count_deleted(where, params, now)  # type: ignore[attr-defined]
            return dict(self._db.write_rows(statement, values, patience))
        rows = self._delete_rows(where, params, patience, columns=f"{sql.scope}, {sql.expires_at}")
        return Counter(sql.plain(name) for name, expires_at in rows if expires_at is None or expires_at > now)

    def _delete_rows(self, where: str, params: Any, patience: int = 1, *, columns: str) -> list[tuple[Any, ...]]:
        """Delete the rows under a condition and return these columns of them."""
        delete = f"DELETE FROM {self._sql.table} WHERE {where}"
        if self._db.can("can_return_rows_from_bulk_insert"):
            return self._db.write_rows(f"{delete} RETURNING {columns}", params, patience)
        with self._db.atomic():
            select = f"SELECT {columns} FROM {self._sql.table} WHERE {where} FOR UPDATE"
            rows = self._db.rows(select, params, patience)
            self._db.write(delete, params, patience)
        return rows

    @contextmanager
    def _locked(self, scopes: list[str], patience: int = 1) -> Iterator[None]:
        """Let nobody else change what is in these scopes meanwhile. SQLite has one writer at a time anyway."""
        if not self._sql.for_update:
            yield
            return
        with self._db.atomic():
            self._db.rows(*self._sql.lock(scopes), patience)
            yield

    # -- the rest

    def _in_transaction(self) -> bool:
        return self._db.connection.in_atomic_block

    def _transaction(self) -> AbstractContextManager[Any]:
        return self._db.atomic()

    def _after_commit(self, action: Callable[[], None]) -> None:
        if self._db.connection.connection is None:  # lost since: Django would open another to look
            action()
        else:
            transaction.on_commit(action, using=self.database, robust=True)

    def _health(self) -> tuple[str, str, list[str]]:
        found = *self._db.server(), self._db.threats()
        try:
            # Should it fail, the caller's transaction goes on all the same.
            with nullcontext() if self._db.begins_transactions() else self._db.atomic():
                self._read_one("global", "")
        except Error as error:
            if self._has_table():
                raise
            raise StoreUnavailable(
                f"The table of the store {self.alias!r} is missing: manage.py migrate --database={self.database}",
                alias=self.alias,
            ) from error
        return found

    def _has_table(self) -> bool:
        with self._db.watch():
            connection = self._db.connection
            return self._sql.table in map(connection.ops.quote_name, connection.introspection.table_names())


def _record(text: Any, version: str, updated_at: int, expires_at: int | None) -> Record:
    return Record(_bytes(text), version, updated_at, expires_at)


def _bytes(text: Any) -> bytes:
    return text if type(text) is bytes else text.encode() if isinstance(text, str) else bytes(text)

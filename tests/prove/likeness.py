"""Any sequence of verbs leaves the same state and gives the same answers as on a plain dict."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from statestore import ABSENT, InvalidValue, ScopeInfo, VersionConflict
from statestore.names import is_active
from statestore.testing import Clock
from statestore.values import encode

SCOPES = ["user:1", "user:12", "user:1:a", "user", "global", "é{x}", "\U0001f600"]
KEYS = ["a", "A", "a ", "é", "\ufffd", "\U0001f600"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/\x00", max_size=2), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
scopes, keys = st.sampled_from(SCOPES), st.sampled_from(KEYS)
several = st.lists(keys, max_size=4)
ttls = st.none() | st.sampled_from([1, 2.5, 60])


class Model:
    """What the store should be: entries by scope and key, as [value, updated_at, expires_at], and touches."""

    def __init__(self, clock):
        self.clock, self.entries, self.touched = clock, {}, {}

    def live(self, scope):
        entries = self.entries.get(scope, {})
        live = {key: one for key, one in entries.items() if one[2] is None or self.clock() < one[2]}
        self.entries[scope] = live
        if not live:
            self.touched.pop(scope, None)
        return live

    def write(self, scope, values, ttl):
        end = None if ttl is None else self.clock() + ttl
        live = self.live(scope)
        live.update({key: [deepcopy(value), self.clock(), end] for key, value in values.items()})

    def change(self, scope, key, value):
        """Write, but keep the expiry."""
        old = self.live(scope).get(key, [None, None, None])
        self.live(scope)[key] = [deepcopy(value), self.clock(), old[2]]

    def last_use(self, scope):
        return max([self.touched.get(scope, 0), *(updated for _, updated, _ in self.live(scope).values())])

    def info(self, scope):
        live = self.live(scope)
        size = sum(len(encode(value)) for value, _, _ in live.values())
        return ScopeInfo(scope, len(live), size, datetime.fromtimestamp(self.last_use(scope), UTC))

    def existing(self):
        return sorted(scope for scope in SCOPES if self.live(scope))


class Machine(RuleBasedStateMachine):
    """Does the same to the store and to the model."""

    @initialize()
    def begin(self):
        self.clock = self.bare.clock = Clock()
        self.model = Model(self.clock)
        self.versions = {}

    # -- writing

    @rule(scope=scopes, key=keys, value=VALUES, ttl=ttls)
    def set(self, scope, key, value, ttl):
        self.versions[scope, key] = self.store.set(scope, key, value, ttl=ttl)
        self.model.write(scope, {key: value}, ttl)

    @rule(scope=scopes, names=several, value=VALUES)
    def set_a_list(self, scope, names, value):
        self.store.set(scope, names, value)
        values = [*value] if isinstance(value, list) else [value]
        paired = dict(zip(names, values + [None] * len(names), strict=False))
        self.model.write(scope, paired, None)

    @rule(scope=scopes, values=st.dictionaries(keys, VALUES, max_size=4), ttl=ttls)
    def set_many(self, scope, values, ttl):
        self.store.set_many(scope, values, ttl=ttl)
        self.model.write(scope, values, ttl)

    @rule(scope=scopes, key=keys, value=VALUES)
    def create(self, scope, key, value):
        try:
            self.store.set(scope, key, value, if_version=ABSENT)
            created = True
        except VersionConflict:
            created = False
        assert created is (key not in self.model.live(scope))
        if created:
            self.model.write(scope, {key: value}, None)

    @precondition(lambda self: self.versions)
    @rule(data=st.data(), value=VALUES)
    def set_over_a_version(self, data, value):
        scope, key = data.draw(st.sampled_from(sorted(self.versions)))
        version, entry = self.versions[scope, key], self.store.entry(scope, key)
        fits = entry is not None and entry.version == version
        try:
            self.versions[scope, key] = self.store.set(scope, key, value, if_version=version)
            written = True
        except VersionConflict:
            written = False
        assert written is fits
        if written:
            self.model.write(scope, {key: value}, None)

    @rule(scope=scopes, key=keys, value=VALUES)
    def update(self, scope, key, value):
        found = self.model.live(scope).get(key, ["default"])[0]
        assert repr(self.store.update(scope, key, lambda old: [old, value][:2], "default")) == repr([found, value])
        self.model.change(scope, key, [found, value])
        if len(encode(found)) > 1000:
            self.remove(scope, [key])

    @rule(scope=scopes, key=keys, by=st.integers(-5, 5) | st.just(0.5))
    def increment(self, scope, key, by):
        found = self.model.live(scope).get(key, [0])[0]
        try:
            total = self.store.increment(scope, key, by)
        except InvalidValue:
            assert type(found) not in (int, float) or abs(found + by) >= 2**63
            return
        assert repr(total) == repr(found + by if key in self.model.live(scope) else by)
        self.model.change(scope, key, total)

    @rule(scope=scopes, key=keys, name=st.sampled_from(["a", "b", ""]), value=VALUES)
    def set_a_part(self, scope, key, name, value):
        found = self.model.live(scope).get(key, [{}])[0]
        if isinstance(found, dict):
            self.store.set(scope, key, value, at=f"/{name}")
            self.model.change(scope, key, found | {name: value})
        else:
            with pytest.raises(InvalidValue):
                self.store.set(scope, key, value, at=f"/{name}")

    # -- removing

    @rule(scope=scopes, names=several)
    def remove(self, scope, names):
        live = self.model.live(scope)
        gone = {key for key in names if key in live}
        assert self.store.remove(scope, names) == len(gone)
        for key in gone:
            del live[key]

    @rule(scope=scopes)
    def delete(self, scope):
        assert self.store.delete(scope) == len(self.model.live(scope))
        self.model.entries[scope] = {}

    @rule(scope=scopes)
    def touch(self, scope):
        exists = bool(self.model.live(scope))
        assert self.store.touch(scope) is exists
        if exists:
            self.model.touched[scope] = self.clock()

    @rule(active=st.lists(scopes, max_size=3), prefix=st.sampled_from(["", "user", "user:1"]),
          idle=st.none() | st.sampled_from([0, 1, 30]), dry_run=st.booleans(), size=st.integers(1, 4))  # fmt: skip
    def clean(self, active, prefix, idle, dry_run, size):
        moment = None if idle is None else datetime.fromtimestamp(self.clock() - idle, UTC)
        found = [scope for scope in self.model.existing() if scope.startswith(prefix)]
        gone = [
            scope
            for scope in found
            if not is_active(scope, active) and (idle is None or self.model.last_use(scope) < self.clock() - idle)
        ]
        entries = sum(len(self.model.live(scope)) for scope in gone)
        report = self.store.clean(active, prefix=prefix, idle_since=moment, dry_run=dry_run, batch_size=size)
        assert (report.examined, report.removed, report.entries) == (len(found), len(gone), entries)
        for scope in [] if dry_run else gone:
            self.model.entries[scope] = {}

    @rule(seconds=st.sampled_from([0.5, 1, 30, 61]))
    def tick(self, seconds):
        self.clock.tick(seconds)

    # -- what must hold at any time

    @invariant()
    def state_is_the_same(self):
        for scope in SCOPES:
            expected = {key: entry[0] for key, entry in self.model.live(scope).items()}
            found = self.store.get_many(scope)
            assert {key: repr(value) for key, value in found.items()} == {k: repr(v) for k, v in expected.items()}
            assert self.store.keys(scope) == sorted(expected)

    @invariant()
    def listing_is_the_same(self):
        assert list(self.store.scopes()) == [self.model.info(scope) for scope in self.model.existing()]
        users = [info for info in map(self.model.info, self.model.existing()) if info.name.startswith("user:1")]
        assert (
            list(self.store.scopes("user:1", after="user:1", limit=1))
            == [i for i in users if i.name > "user:1"][:1]
        )

    def teardown(self):
        self.bare.clock = lambda: 0
        for scope in SCOPES:
            self.bare.delete(scope)


class Forgetful:
    """The control: a store that takes no notice of ``ttl``."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def set(self, scope, key, value, *, ttl=None, **how):
        """Write for ever."""
        return self._store.set(scope, key, value, **how)


def run(store, face, examples, steps, **more):
    """Do so many random sequences of so many verbs; raises ``AssertionError`` at the first difference."""

    class ThisMachine(Machine):
        def __init__(self):
            super().__init__()
            self.bare, self.store = store, face(store)

    clock = store.clock
    try:
        run_state_machine_as_test(
            ThisMachine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
                **more,
            ),
        )
    finally:
        store.clock = clock


def forgetting_is_found_out(store):
    """Whether the control shows a difference soon."""
    try:
        run(store, Forgetful, 1000, 40, phases=[Phase.generate])  # found is enough; it need not be short
    except AssertionError:
        return True
    return False

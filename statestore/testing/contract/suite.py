"""What all themes of the contract share: the store under test, its clock, and ways to look behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from django.db import connections
from django.dispatch import Signal
from django.test import TestCase

from statestore.backends.base import StateStore
from statestore.backends.hooks import Hooks
from statestore.conf import StoreConfig
from statestore.entries import Stamp
from statestore.testing.clock import Clock
from statestore.testing.face import AsyncFace

HOOKS = [
    name
    for name in vars(Hooks)
    if name.startswith("_") and not name.startswith(("__", "_abc")) and name != "_close"
]


class Suite:
    """The fixtures. A store's author overrides one: ``new_store``."""

    @pytest.fixture
    def new_store(self) -> StateStore:
        """Return the store to test, empty."""
        raise NotImplementedError("Override the fixture new_store: it returns the store to test, empty.")

    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    def bare(self, new_store: StateStore, clock: Clock) -> Iterator[StateStore]:
        """The store itself, for what is not a verb."""
        new_store.clock = clock
        yield new_store
        new_store.close()

    @pytest.fixture(params=["sync", "async"])
    def store(self, bare: StateStore, request: pytest.FixtureRequest) -> Any:
        """The store by its verbs, and once more by their async twins."""
        return bare if request.param == "sync" else AsyncFace(bare)

    @pytest.fixture
    def configure(self, bare: StateStore) -> Callable[..., None]:
        """Give the store other parameters: ``configure(TTL=60)``."""

        def configure(**params: Any) -> None:
            bare.config = StoreConfig.of(bare.alias, {"OPTIONS": bare.config.options, **params})

        return configure

    @pytest.fixture
    def refuses(self, bare: StateStore) -> Callable[..., Any]:
        """Assert that a call raises the error, and that no hook was reached before; return the error."""

        def refuses(error: type[Exception], call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            with untouched(bare), pytest.raises(error) as caught:
                call(*args, **kwargs)
            return caught.value

        return refuses


@contextmanager
def untouched(store: StateStore) -> Iterator[None]:
    """Fail if a hook of the store is called inside."""

    def fail_for(name: str) -> Callable[..., None]:
        def fail(*args: Any, **kwargs: Any) -> None:
            raise AssertionError(f"{name} was called: the store was touched")

        return fail

    with replaced(store, {name: fail_for(name) for name in HOOKS}):
        yield


@contextmanager
def replaced(store: StateStore, hooks: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Put other hooks into this one store."""
    vars(store).update(hooks)
    try:
        yield
    finally:
        for name in hooks:
            del vars(store)[name]


@contextmanager
def final() -> Iterator[None]:
    """Let what is written inside become final, as if the transaction that surrounds the test were committed."""
    with ExitStack() as commits:
        for alias in connections:
            commits.enter_context(TestCase.captureOnCommitCallbacks(using=alias, execute=True))
        yield


@contextmanager
def heard(*signals: Signal) -> Iterator[list[tuple[Signal, dict[str, Any]]]]:
    """Collect what is sent inside, as (signal, what it carries) in order of arrival."""
    found: list[tuple[Signal, dict[str, Any]]] = []

    def listen(signal: Signal, **carried: Any) -> None:
        found.append((signal, carried))

    for signal in signals:
        signal.connect(listen)
    try:
        with final():
            yield found
    finally:
        for signal in signals:
            signal.disconnect(listen)


def plant(store: StateStore, scope: str, key: str, text: bytes) -> None:
    """Put a text behind the store's back where it would put its own."""
    store.open()
    store._write(scope, {key: text}, Stamp("planted", store.now(), None), None)  # noqa: SLF001

"""Puts observers between a store and its callers: each verb of that one store is wrapped, or left as it was."""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from time import perf_counter
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from statestore import conf
from statestore.backends.base import StateStore
from statestore.exceptions import shown
from statestore.importing import load
from statestore.logs import called, event
from statestore.observe.outcomes import outcome_of

logger = logging.getLogger("statestore")

NOT_WATCHED = {"open", "close", "health", "scopes"}  # of the last, each page is
VERBS = [
    name
    for name in dir(StateStore)
    if name[0] != "_" and name not in NOT_WATCHED and hasattr(StateStore, f"a{name}")
]
PAGES = "_pages"  # what ``scopes`` and ``ascopes`` both go through: each page is a call of ``scopes``

End = Callable[[str | None, float, BaseException | None], object]


class Observer:
    """Is told of every call. Subclass it, and name the class in ``STATESTORE["OBSERVERS"]``."""

    def begin(self, store: StateStore, verb: str) -> End:
        """Take note that a call begins; return what is to be called, in the same thread, when it ends.

        That is given the outcome, the seconds it took, and the error or None. With an outcome of None it was no
        call after all: a listing had no further page. What an observer raises is logged and breaks no call.
        """
        raise NotImplementedError

    def behind(self, store: StateStore) -> None:
        """Take note that a read of a ``LayeredStore`` asks the durable store: the fast one could not answer."""


def follow_settings(store: StateStore) -> None:
    """Let a store be watched by those whom the settings name, and nobody else."""
    watch(store, *map(build, conf.observers()))


def build(path: Any) -> Observer:
    """Return a new observer of the class that ``path`` names; raise ``ImproperlyConfigured`` if it names none."""
    try:
        made = load(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"STATESTORE['OBSERVERS']: {error}") from error
    if not (isinstance(made, type) and issubclass(made, Observer)):
        raise ImproperlyConfigured(f"STATESTORE['OBSERVERS']: {shown(path)} is no subclass of Observer.")
    return made()


def watch(store: StateStore, *observers: Observer) -> None:
    """Let these observers watch the verbs of a store, in place of those that do; without any, nobody."""
    for name in (*VERBS, PAGES):
        if getattr(vars(store).get(name), "is_watched", False):
            delattr(store, name)
        if observers:
            wrap, verb = (_wrapped_pages, "scopes") if name == PAGES else (_wrapped, name)
            wrapped = wrap(getattr(store, name), partial(_begin, observers, store, verb))
            wrapped.is_watched = True  # type: ignore[attr-defined]
            setattr(store, name, wrapped)
    if hasattr(type(store), "ask_behind"):  # a LayeredStore
        vars(store).pop("ask_behind", None)
        if observers:
            vars(store)["ask_behind"] = partial(_behind, observers, store)


def _behind(observers: Sequence[Observer], store: StateStore) -> None:
    for observer in observers:
        _told(observer.behind, store)


def _wrapped(call: Callable[..., Any], begin: Callable[[], Any]) -> Callable[..., Any]:
    @wraps(call)
    def watched(*args: Any, **kwargs: Any) -> Any:
        end = begin()
        try:
            answer = call(*args, **kwargs)
        except BaseException as error:
            end(error)
            raise
        end(None)
        return answer

    return watched


def _wrapped_pages(pages: Callable[..., Iterator[Any]], begin: Callable[[], Any]) -> Callable[..., Any]:
    @wraps(pages)
    def watched(*args: Any, **kwargs: Any) -> Iterator[Any]:
        try:
            walk = pages(*args, **kwargs)
        except BaseException as error:
            begin()(error)
            raise
        return _each(walk, begin)

    return watched


def _each(walk: Iterator[Any], begin: Callable[[], Any]) -> Iterator[Any]:
    while True:
        end = begin()
        try:
            page = next(walk)
        except StopIteration:
            end(None, was_call=False)
            return
        except BaseException as error:
            end(error)
            raise
        end(None)
        yield page


def _begin(observers: Sequence[Observer], store: StateStore, verb: str) -> Callable[..., None]:
    ends = [end for end in (_told(observer.begin, store, verb) for observer in observers) if end]
    began = perf_counter()

    def end(error: BaseException | None, *, was_call: bool = True) -> None:
        seconds = perf_counter() - began
        for each in reversed(ends):
            _told(each, outcome_of(error) if was_call else None, seconds, error)

    return end


def _told(observer: Callable[..., Any], *args: Any) -> Any:
    try:
        return observer(*args)
    except Exception:
        logger.exception(
            "An observer failed: %r", observer, extra=event("observer_failed", observer=called(observer))
        )
        return None

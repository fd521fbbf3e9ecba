"""Django's sessions: a session for a scope, loaded and saved whole."""

from .base import Contender


class Sessions(Contender):
    """A session engine, as a request uses it: a new object every time."""

    is_peer = True
    engine = ""

    def open(self):
        from importlib import import_module

        self.store = import_module(f"django.contrib.sessions.backends.{self.engine}").SessionStore
        return self

    def _session(self, scope):
        return self.store(scope.replace(":", "").ljust(12, "x").lower())

    def get(self, scope, key):
        return self._session(scope).get(key)

    def get_list(self, scope, keys):
        session = self._session(scope)
        return [session.get(key) for key in keys]

    def set(self, scope, key, value):
        self.set_many(scope, {key: value})

    def set_many(self, scope, mapping):
        session = self._session(scope)
        session.update(mapping)
        if session.session_key is None:  # not there yet, so loading has dropped the key
            session = self._session(scope)
            session._session_cache = dict(mapping)  # noqa: SLF001 (a session with a key of our choice)
            session.save(must_create=True)
        else:
            session.save()

    def keys(self, scope):
        return sorted(self._session(scope).keys())

    def delete(self, scope):
        self._session(scope).delete()

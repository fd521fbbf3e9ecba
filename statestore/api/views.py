"""The resources: stores, their scopes, the values in them."""

from typing import Any

from django.http import HttpResponse

from statestore import pointer
from statestore.api import bodies, options, paging, patching, replies, writing
from statestore.api.base import StateView
from statestore.api.naming import value_path
from statestore.api.parsers import JSONPatchParser, MergePatchParser, StrictJSONParser, read_json
from statestore.api.problems import Missing
from statestore.api.query import refused
from statestore.backends.rules import adding, fingerprint
from statestore.conf import VERBS
from statestore.entries import ABSENT, KEEP_TTL, STORE_TTL, Changed
from statestore.values import decode, encode

PATCHES = [MergePatchParser, JSONPatchParser]


class StoresView(StateView):
    """The stores that the caller may use, and what each can do."""

    actions = {"GET": "view"}

    def check_policy(self, request: Any) -> None:
        """Keep the stores that the caller may see something of."""
        policy = options.policy()
        self.visible = [alias for alias in options.served() if _sees(policy, request, alias)]
        if not self.visible:
            self.refuse(request)

    def get(self, request: Any, **segments: str) -> HttpResponse:
        """List the stores."""
        return replies.reply({"results": [_store(alias) for alias in self.visible], "next": None})


class ScopesView(StateView):
    """The scopes of a store."""

    actions = {"GET": "view"}
    switches = {}
    parameters = {"GET": ("prefix", "idle", "cursor")}

    def check_policy(self, request: Any) -> None:
        """Find out which scopes the listing may show."""
        policy = options.policy()
        self.names = None
        if not policy.allows(request, "view", self.alias, None):
            self.names = policy.listed(request, self.alias)
            if self.names is None:
                self.refuse(request)

    def get(self, request: Any, **segments: str) -> HttpResponse:
        """List one page of scopes."""
        infos, following = paging.page(self, self.names)
        return replies.reply({"results": [replies.described(info) for info in infos], "next": following})


class ScopeView(StateView):
    """One scope."""

    actions = {"GET": "view", "DELETE": "delete"}
    switches = {"DELETE": "REMOVE"}

    def get(self, request: Any, **segments: str) -> HttpResponse:
        """Describe it: its keys, counts, last use."""
        version = self.store.version(self.scope)
        info = self.store.info(self.scope)
        if version is None or info is None:
            raise self.missing("scope")
        keys = self.store.keys(self.scope)
        return self.unchanged(version) or replies.reply({**replies.described(info), "keys": keys}, version=version)

    def delete(self, request: Any, **segments: str) -> HttpResponse:
        """Remove it with everything in it."""
        if not writing.delete(self.store, self.scope, self.conditions):
            raise self.missing("scope")
        return replies.bare_reply(204)


class ValuesView(StateView):
    """Many values of a scope as one object."""

    actions = {"GET": "view", "PATCH": "change"}
    parameters = {"GET": ("key",), "PATCH": ("ttl",)}

    def get(self, request: Any, **segments: str) -> HttpResponse:
        """Answer the values under the keys asked for, all when none is; keys that are not there are left out."""
        records = self.store.records(self.scope, self.query.every("key"))
        found = {key: self.store.sound(self.scope, key, record) for key, record in records.items()}
        if not found and not ("key" in self.query and self.store.info(self.scope)):
            raise self.missing("scope")
        version = fingerprint({key: record.version for key, record in found.items()})
        same = version and self.unchanged(version)
        return same or replies.text_reply(replies.members(found), version=version)

    def patch(self, request: Any, **segments: str) -> HttpResponse:
        """Store every member of the body under its key, all or nothing."""
        values, ttl = bodies.values(self.read_json()), self.query.ttl(STORE_TTL)
        done = writing.put_many(self.store, self.scope, values, self.conditions, ttl)
        return replies.bare_reply(201 if done.created else 204, done.version)


class ValueView(StateView):
    """One value: the body is the JSON value itself."""

    actions = {"GET": "view", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
    parameters = {"GET": ("at",), "PUT": ("at", "ttl"), "PATCH": ("at", "ttl"), "DELETE": ("at", "ttl")}
    parser_classes = [StrictJSONParser, *PATCHES]

    def understood(self) -> dict[str, str]:
        """Say which patches are understood, too."""
        return {**super().understood(), "Accept-Patch": ", ".join(kind.media_type for kind in PATCHES)}

    def action_of(self, method: str) -> str:
        """Removing a part changes the value; ``at=`` alone is the whole of it."""
        return "change" if method == "DELETE" and self.query.at() else super().action_of(method)

    def get(self, request: Any, **segments: str) -> HttpResponse:
        """Answer the value, or a part of it."""
        record = self.store.record(self.scope, self.key)
        if record is None:
            raise self.missing("key")
        text = self._part(self.store.sound(self.scope, self.key, record).text)
        return self.unchanged(record.version) or replies.text_reply(text, version=record.version)

    def put(self, request: Any, **segments: str) -> HttpResponse:
        """Store the value, or a part of it."""
        tokens, ttl, value = self.query.at(), self.query.ttl(STORE_TTL), self.read_json()
        if tokens:
            with refused():
                encode(pointer.place(ABSENT, tokens, value))
            done = self._change(lambda current: pointer.place(current, tokens, value))
            return replies.bare_reply(201 if done.created else 204, done.version)
        version, created = writing.put(self.store, self.scope, self.key, value, self.conditions, ttl)
        return replies.bare_reply(201 if created else 204, version)

    def patch(self, request: Any, **segments: str) -> HttpResponse:
        """Apply a patch to the value, or to a part of it."""
        tokens = self.query.at()
        kind, body = read_json(self.plain, PATCHES)
        limit = self.store.config.max_value_bytes
        apply = patching.merge_patch(body) if kind is MergePatchParser else patching.json_patch(body, limit)
        done = self._change(lambda value: pointer.place(value, tokens, apply(pointer.find(value, tokens))))
        return replies.bare_reply(201 if done.created else 204, done.version)

    def delete(self, request: Any, **segments: str) -> HttpResponse:
        """Remove the value, or a part of it."""
        tokens = self.query.at()
        if not tokens:
            bodies.refuse_ttl(self.query)
            if not writing.remove(self.store, self.scope, self.key, self.conditions):
                raise self.missing("key")
            return replies.bare_reply(204)
        done = self._change(lambda value: _cut(value, tokens), switch="REMOVE")
        if done.version is None:
            raise self.missing("part")
        return replies.bare_reply(204, done.version)

    def _change(self, function: Any, **how: Any) -> Changed:
        ttl = self.query.ttl(KEEP_TTL)
        return writing.change(self.store, self.scope, self.key, function, self.conditions, ttl=ttl, **how)

    def _part(self, text: bytes) -> bytes:
        tokens = self.query.at()
        if not tokens:
            return text
        part = pointer.find(decode(text), tokens)
        if part is ABSENT:
            raise self.missing("part")
        return encode(part)


class IncrementView(StateView):
    """A value that is a counter."""

    actions = {"POST": "change"}
    parameters = {"POST": ("ttl",)}

    def post(self, request: Any, **segments: str) -> HttpResponse:
        """Add to it, and answer the sum."""
        by, ttl = bodies.step(self.plain), self.query.ttl(KEEP_TTL)
        add = adding(self.scope, self.key, by)
        done = writing.change(self.store, self.scope, self.key, add, self.conditions, ttl=ttl)
        response = replies.reply(done.value, 201 if done.created else 200, done.version)
        if done.created:
            response.headers["Location"] = value_path(request)
        return response


class CleanView(StateView):
    """The cleaning of a store."""

    actions = {"POST": "clean"}
    switches = {"POST": "CLEAN"}

    def post(self, request: Any, **segments: str) -> HttpResponse:
        """Remove the scopes that are not active, not used lately, or both."""
        bodies.refuse_conditions(self.conditions)
        report = self.store.clean(**bodies.cleaning(self.read_json(), self.store))
        return replies.reply(report)


class NothingView(StateView):
    """Whatever else there is below ``stores/``."""

    schema = None

    def initial(self, request: Any, *args: Any, **segments: str) -> None:
        """Say no at once."""
        raise Missing(f"There is no such resource{_lacking(self.plain.path_info)}.")


def _lacking(path: str) -> str:
    """Return what a path that leads nowhere probably lacks. By now a ``%2F`` in it has become a slash."""
    if not path.endswith("/"):
        return "; every URL of this API ends with a slash"
    return "; a '/' within a scope or key is written ~1 (and a '~' is written ~0)" if "/scopes/" in path else ""


def _sees(policy: Any, request: Any, alias: str) -> bool:
    return policy.allows(request, "view", alias, None) or policy.listed(request, alias) is not None


def _store(alias: str) -> dict[str, Any]:
    store = options.served_store(alias)
    ttl = store.config.ttl
    return {
        "alias": alias,
        "can": {verb.lower(): verb in store.config.enabled for verb in VERBS},
        "durable": store.durable,
        "shared": store.shared,
        "transactional": store.transactional,
        "ttl": None if ttl is None else ttl / 1_000_000,
        "max_value_bytes": store.config.max_value_bytes,
    }


def _cut(value: Any, tokens: pointer.Tokens) -> Any:
    return value if value is not ABSENT and pointer.cut(value, tokens) else ABSENT

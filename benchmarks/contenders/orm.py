"""Django's ORM, by a hurried and by a careful hand."""

import orjson

from .base import Contender


class Orm(Contender):
    """A model on a database alias."""

    is_peer = True
    database = ""
    model = ""

    def open(self):
        from django.apps import apps

        self.rows = apps.get_model("benchmarks", self.model).objects.using(self.database)
        return self

    def keys(self, scope):
        return sorted(self.rows.filter(scope=scope).values_list("key", flat=True))

    def delete(self, scope):
        self.rows.filter(scope=scope).delete()


class NaiveOrm(Orm):
    """`get` and `update_or_create`, an instance for every row."""

    name = "Django ORM, get and update_or_create"
    model = "NaiveEntry"

    def get(self, scope, key):
        return self.rows.get(scope=scope, key=key).value

    def get_list(self, scope, keys):
        found = {row.key: row.value for row in self.rows.filter(scope=scope, key__in=keys)}
        return [found[key] for key in keys]

    def set(self, scope, key, value):
        self.rows.update_or_create(scope=scope, key=key, defaults={"value": value})

    def set_many(self, scope, mapping):
        from django.db import transaction

        with transaction.atomic(using=self.database):
            for key, value in mapping.items():
                self.set(scope, key, value)


class LeanOrm(Orm):
    """`values_list` and `bulk_create` with `update_conflicts`: one statement, orjson."""

    name = "Django ORM, values_list and bulk_create"
    model = "LeanEntry"

    def get(self, scope, key):
        return orjson.loads(self.rows.values_list("value", flat=True).get(scope=scope, key=key))

    def get_list(self, scope, keys):
        found = dict(self.rows.filter(scope=scope, key__in=keys).values_list("key", "value"))
        return [orjson.loads(found[key]) for key in keys]

    def set(self, scope, key, value):
        self.set_many(scope, {key: value})

    def set_many(self, scope, mapping):
        from django.utils import timezone

        model, now = self.rows.model, timezone.now()
        self.rows.bulk_create(
            [
                model(scope=scope, key=key, value=orjson.dumps(value).decode(), updated_at=now)
                for key, value in mapping.items()
            ],
            update_conflicts=True,
            unique_fields=["scope", "key"],
            update_fields=["value", "updated_at"],
        )

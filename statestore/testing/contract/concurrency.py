"""Many writers at once. Not for a test inside a transaction, where the others would see nothing."""
# ruff: noqa: S101 (a suite of tests, shipped)

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from asgiref.sync import async_to_sync
from django.db import connections

from statestore.entries import ABSENT
from statestore.exceptions import VersionConflict
from statestore.testing.contract.suite import Suite

WRITERS = 4


class Concurrency(Suite):
    @pytest.fixture
    def at_once(self):
        """Call the function in several threads at the same time; answer what each call answered."""

        def at_once(function, writers=WRITERS):
            gate = threading.Barrier(writers)

            def run(number):
                try:
                    gate.wait(30)
                    return function(number)
                finally:
                    connections.close_all()

            with ThreadPoolExecutor(writers) as pool:
                return list(pool.map(run, range(writers)))

        return at_once

    def test_increments_lose_nothing(self, bare, at_once):
        answers = at_once(lambda number: [bare.increment("s", "n") for _ in range(15)])
        assert sorted(chain.from_iterable(answers)) == list(range(1, 15 * WRITERS + 1))

    def test_updates_lose_nothing(self, bare, at_once):
        at_once(lambda number: [bare.update("s", "k", lambda old, n=n: [*old, [number, n]], []) for n in range(10)])
        assert sorted(bare.get("s", "k")) == [[number, n] for number in range(WRITERS) for n in range(10)]

    def test_parts_lose_nothing(self, bare, at_once):
        at_once(lambda number: [bare.set("s", "k", n, at=f"/{number}/{n}") for n in range(10)])
        assert bare.get("s", "k") == {str(number): {str(n): n for n in range(10)} for number in range(WRITERS)}

    def test_only_one_creates(self, bare, at_once):
        def create(number):
            won = 0
            for n in range(10):
                try:
                    bare.set("s", f"k{n}", number, if_version=ABSENT)
                    won += 1
                except VersionConflict:
                    pass
            return won

        assert sum(at_once(create)) == len(bare.keys("s")) == 10

    def test_only_one_writes_over_a_version(self, bare, at_once):
        version = bare.set("s", "k", "old")

        def replace(number):
            try:
                return bare.set("s", "k", number, if_version=version)
            except VersionConflict:
                return None

        (winner,) = [answer for answer in at_once(replace) if answer]
        assert bare.entry("s", "k").version == winner

    def test_only_one_pops(self, bare, at_once):
        bare.set_many("s", {f"k{n}": n for n in range(10)})
        taken = at_once(lambda number: [bare.scope("s").pop(f"k{n}", None) for n in range(10)])
        assert sorted(one for each in taken for one in each if one is not None) == list(range(10))

    def test_bulk_writes_are_never_seen_half(self, bare, at_once):
        keys = [f"k{n}" for n in range(20)]
        bare.set_many("s", dict.fromkeys(keys, -1))

        def write_or_read(number):
            if number % 2:
                ordered = keys if number == 1 else keys[::-1]
                return [bare.set_many("s", dict.fromkeys(ordered, number)) and 1 for _ in range(10)]
            return [len(set(bare.get("s", keys))) for _ in range(20)]

        assert set(chain.from_iterable(at_once(write_or_read))) == {1}

    def test_writers_of_one_scope_keep_each_others_entries(self, bare, at_once):
        at_once(lambda number: [bare.set("s", f"{number}-{n}", n) for n in range(10)])
        assert len(bare.keys("s")) == 10 * WRITERS
        assert [info.entries for info in bare.scopes()] == [10 * WRITERS]

    def test_scopes_written_at_once_are_all_listed(self, bare, at_once):
        at_once(lambda number: [bare.set(f"s{number}-{n}", "k", 1) for n in range(10)])
        expected = sorted(f"s{number}-{n}" for number in range(WRITERS) for n in range(10))
        assert [info.name for info in bare.scopes()] == expected

    def test_writing_and_deleting_leave_a_whole_scope_or_none(self, bare, at_once):
        def work(number):
            for _ in range(15):
                if number % 2:
                    bare.delete("s")
                else:
                    bare.set_many("s", {"a": number, "b": number})

        at_once(work)
        found = bare.get_many("s")
        assert len(set(found.values())) <= 1
        assert len(found) in (0, 2)
        assert [info.entries for info in bare.scopes()] == ([2] if found else [])

    def test_tasks_on_one_loop_lose_nothing(self, bare):
        async def work():
            return await asyncio.gather(*(bare.aincrement("s", "n") for _ in range(20)))

        assert sorted(async_to_sync(work)()) == list(range(1, 21))

    def test_update_takes_a_coroutine_function(self, bare):
        async def add(value):
            await asyncio.sleep(0)
            return value + 1

        assert async_to_sync(bare.aupdate)("s", "k", add, 1) == 2
        assert bare.get("s", "k") == 2

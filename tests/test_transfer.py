"""Dump and load: any store to any store, exact, resumable, no line half done."""

import io
import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from statestore import CorruptState, StoreUnavailable
from statestore import stores as configured
from statestore.backends import MemoryStore
from statestore.entries import to_datetime
from statestore.loading import FAIL, IF_EXISTS, REPLACE, SKIP, Loader, lines_of
from statestore.testing import Clock, override_stores
from statestore.transfer import BadLine, dump, resume
from tests.made_up import json_values

VALUES = json_values(10)
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)


@pytest.fixture
def clock():
    return Clock()


def memory(clock, **params):
    store = MemoryStore("memory", params)
    store.clock = clock
    return store


@pytest.fixture
def source(clock):
    return memory(clock)


@pytest.fixture
def target(clock):
    return memory(clock)


def line(scope="s", key="k", value=1, **more):
    return json.dumps({"scope": scope, "key": key, "value": value, **more}).encode() + b"\n"


def contents(store):
    """Everything but what a load can't restore: versions and dates."""
    return {
        (info.name, key): (record.text, record.expires_at)
        for info in store.scopes()
        for key, record in store.records(info.name).items()
    }


# -- there and back


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), max_size=4))
def test_load_of_a_dump_is_the_same_byte_for_byte(state):
    clock = Clock()
    source, target = memory(clock), memory(clock)
    for scope, values in state.items():
        source.set_many(scope, values)
    for if_exists in IF_EXISTS:
        target = memory(clock)
        Loader(target, if_exists=if_exists).load(dump(source))
        assert contents(target) == contents(source)


def test_expiry_survives_to_the_microsecond(source, target, clock):
    source.set("s", "k", 1, ttl=12345.678901)
    source.set("s", "for ever", 1)
    clock.tick(100)
    Loader(target).load(dump(source))
    assert contents(target) == contents(source)


def test_line_says_all_there_is(source, clock):
    clock.time = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC).timestamp()
    source.set("user:1", "theme", {"b": 1.0, "a": "é"}, ttl=60)
    assert b"".join(dump(source)).decode() == (
        '{"scope":"user:1","key":"theme","value":{"b":1.0,"a":"é"},'
        '"expires_at":"2026-01-02T03:05:05.600000Z","updated_at":"2026-01-02T03:04:05.600000Z"}\n'
    )


def test_dump_is_in_the_order_of_names_and_keeps_to_its_prefix(source):
    for scope in ("user:2", "user:1", "flow:1"):
        source.set_many(scope, {"b": 1, "a": 1})
    names = [(json.loads(one)["scope"], json.loads(one)["key"]) for one in dump(source, prefix="user:")]
    assert names == [("user:1", "a"), ("user:1", "b"), ("user:2", "a"), ("user:2", "b")]
    assert [json.loads(one)["scope"] for one in dump(source, after="user:1")] == ["user:2", "user:2"]


def test_expired_entries_are_neither_dumped_nor_loaded(source, target, clock):
    source.set("s", "short", 1, ttl=10)
    source.set("s", "long", 1, ttl=1000)
    lines = list(dump(source))
    clock.tick(10)
    assert [json.loads(one)["key"] for one in dump(source)] == ["long"]
    loaded = Loader(target).load(lines)
    assert (loaded.written, loaded.expired) == (1, 1)
    assert target.keys("s") == ["long"]


# -- what exists already


@pytest.mark.parametrize(("if_exists", "value", "counts"), [(SKIP, "mine", (1, 1)), (REPLACE, "theirs", (2, 0))])
def test_existing_entry_is_left_or_overwritten(target, if_exists, value, counts):
    target.set("s", "b", "mine")
    loaded = Loader(target, if_exists=if_exists).load(
        [line(key="a", value="theirs"), line(key="b", value="theirs")]
    )
    assert (loaded.written, loaded.skipped) == counts
    assert target.get_many("s") == {"a": "theirs", "b": value}


def test_existing_entry_stops_a_load_that_is_to_fail(target):
    target.set("s", "b", "mine")
    loader = Loader(target, if_exists=FAIL)
    with pytest.raises(BadLine, match=r"Line 2: s / b exists already"):
        loader.load([line(key="a"), line(key="b"), line(key="c")])
    assert target.get_many("s") == {"a": 1, "b": "mine"}
    assert (loader.loaded.lines, loader.loaded.written) == (1, 1)


def test_loading_twice_changes_nothing_the_second_time(source, target):
    source.set_many("s", {"a": 1, "b": 2})
    Loader(target).load(dump(source))
    versions = target.records("s")
    assert Loader(target).load(dump(source)).skipped == 2
    assert target.records("s") == versions


def test_overwriting_goes_many_entries_at_a_time(target, monkeypatch):
    calls = []
    monkeypatch.setattr(target, "set_many", lambda *args, **kwargs: calls.append(args[0]))
    Loader(target, if_exists=REPLACE).load([line(key=str(n)) for n in range(250)] + [line("other")] * 2)
    assert calls == ["s", "s", "s", "other"]


# -- bad lines


BAD = {
    "no JSON": b"{\n",
    "no object": b"[1]\n",
    "no UTF-8": b'{"scope": "\xff", "key": "k", "value": 1}\n',
    "no value": b'{"scope": "s", "key": "k"}\n',
    "an unknown member": line(ttl=1),
    "a member twice": b'{"scope": "s", "key": "k", "value": 1, "value": 2}\n',
    "a bad scope": line(scope=""),
    "a bad key": line(key="a\nb"),
    "a scope that is no text": line(scope=1),
    "a number beyond 64 bit": line(value=2**64),
    "NaN": b'{"scope": "s", "key": "k", "value": NaN}\n',
    "an infinity": b'{"scope": "s", "key": "k", "value": 1e999}\n',
    "half a character": line(value="\ud800"),
    "a value too large": line(value="x" * 300_000),
    "a value too deep": line(value=json.loads("[" * 65 + "]" * 65)),
    "a date that is none": line(expires_at="tomorrow"),
    "a date without a zone": line(expires_at="2100-01-01T00:00:00"),
    "a date that is a number": line(expires_at=5),
    "an expiry beyond 1,000 years": line(expires_at="9000-01-01T00:00:00Z"),
}


@pytest.mark.parametrize("if_exists", IF_EXISTS)
@pytest.mark.parametrize("bad", BAD)
def test_bad_line_is_named_and_only_what_stands_before_it_is_loaded(target, bad, if_exists):
    loader = Loader(target, if_exists=if_exists)
    lines = [line(key="a"), b"\n", line(key="b"), BAD[bad], line(key="c")]
    with pytest.raises(BadLine, match=r"^Line 4: "):
        loader.load(lines)
    assert target.get_many("s") == {"a": 1, "b": 1}
    assert loader.loaded.lines == 3


def test_load_is_taken_up_again_at_a_line(target):
    loaded = Loader(target).load([b"rubbish\n", line(key="a"), line(key="b")], first=3)
    assert target.keys("s") == ["b"]
    assert loaded.lines == 3


def test_line_that_has_no_end_is_not_read_to_it(clock):
    target = memory(clock, MAX_VALUE_BYTES=100)
    file = io.BytesIO(line(value="x" * 1_000_000))
    with pytest.raises(BadLine, match="Line 1"):
        Loader(target).load(lines_of(file, target))
    assert file.tell() < 20_000


def test_store_that_fails_is_no_bad_line(target, monkeypatch):
    def fails(*_args, **_kwargs):
        raise StoreUnavailable

    loader = Loader(target)
    monkeypatch.setattr(target, "set", fails)
    with pytest.raises(StoreUnavailable):
        loader.load([line()])
    assert loader.loaded.lines == 0


# -- corrupt


def test_corrupt_entry_stops_a_dump_unless_somebody_is_told(source):
    source.set_many("s", {"a": 1, "b": 2})
    source._scopes["s"]["a"] = source._scopes["s"]["a"]._replace(text=b"{")
    told = []
    lines = list(dump(source, on_corrupt=lambda *what: told.append(what[:2])))
    assert [json.loads(one)["key"] for one in lines] == ["b"]
    assert told == [("s", "a")]
    with pytest.raises(CorruptState):
        list(dump(source))


def test_text_with_line_ends_of_another_hand_stays_one_line(source):
    source.set("s", "a", 1)
    source._scopes["s"]["a"] = source._scopes["s"]["a"]._replace(text=b'{\n "x": 1\r\n}')
    assert [json.loads(one)["value"] for one in dump(source)] == [{"x": 1}]


# -- the commands


@pytest.fixture
def stores():
    memory = {"BACKEND": "statestore.backends.MemoryStore"}
    down = {"BACKEND": "tests.admin.stores.DownStore"}
    with override_stores(default=memory, other=memory, down=down) as handler:
        clock = Clock()
        for store in handler.all():
            store.clock = clock
        yield handler


def run(command, *args, **options):
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *args, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_commands_carry_one_store_into_another(stores, tmp_path):
    for number in range(30):
        stores["default"].set_many(f"user:{number}", {"a": number, "b": "é"})
    file = tmp_path / "dump file.jsonl"
    assert run("dump_context", output=str(file)) == ("", "Dumped 60 entries.\n")
    said, _errors = run("load_context", str(file), store="other")
    assert said == "Loaded 60, left 0 that exist and 0 that have expired.\n"
    assert contents(stores["other"]) == contents(stores["default"])


def test_dump_goes_to_standard_output(stores):
    stores["default"].set("user:1", "a", "é")
    stores["default"].set("flow:1", "a", 1)
    out, _err = run("dump_context", prefix="user:")
    assert json.loads(out)["value"] == "é"


@pytest.mark.parametrize("cut", [0, 1, 40, 150, 700, 1500])
def test_unfinished_dump_is_gone_on_with(stores, tmp_path, cut):
    for number in range(10):
        stores["default"].set_many(f"user:{number}", {"a": number, "b": "é", "c": [1]})
    whole, part = tmp_path / "whole", tmp_path / "part"
    run("dump_context", output=str(whole))
    part.write_bytes(whole.read_bytes()[:cut])
    run("dump_context", output=str(part), resume=True)
    assert part.read_bytes() == whole.read_bytes()


def test_file_that_is_no_dump_is_not_gone_on_with(stores, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("my notes\n")
    with pytest.raises(CommandError, match="no dump"):
        run("dump_context", output=str(file), resume=True)
    assert file.read_text() == "my notes\n"
    assert resume(io.BytesIO(b"")) == ""


@pytest.mark.parametrize(
    ("command", "args", "said"),
    [
        ("dump_context", ["--store", "nowhere"], r"no store 'nowhere'\. Nothing was dumped\.$"),
        ("dump_context", ["--resume"], "--output"),
        ("dump_context", ["--prefix", "a\nb"], "control character"),
        ("dump_context", ["--output", "/nowhere/at/all"], "can't be written"),
        ("load_context", ["/nowhere/at/all"], "can't be read"),
        ("load_context", ["--store", "nowhere"], "no store"),
        ("load_context", ["--from-line", "0"], "above 0"),
    ],
)
def test_command_says_what_was_wrong(stores, command, args, said):
    with pytest.raises(CommandError, match=said):
        run(command, *args)


def test_dump_that_breaks_off_says_how_to_go_on(stores, tmp_path, monkeypatch):
    stores["default"].set("user:1", "a", 1)
    stores["default"].set("user:2", "a", 1)
    whole = dump(stores["default"])
    monkeypatch.setattr("statestore.transfer.dump", lambda *args, **how: interrupted(whole))
    file = tmp_path / "dump"
    with pytest.raises(CommandError) as failed:
        run("dump_context", output=str(file))
    again = f"Take it up again with --resume --output {file}."
    assert str(failed.value) == f"Interrupted. Until then 1 entry went out. {again}"
    assert failed.value.returncode == 130


def interrupted(lines):
    yield next(iter(lines))
    raise KeyboardInterrupt


@pytest.mark.parametrize("wrong", [["--store", "nowhere"], ["--store", "down"], ["--prefix", "a\nb"]])
def test_dump_that_can_not_begin_leaves_an_older_file_as_it_was(stores, tmp_path, wrong):
    file = tmp_path / "dump"
    file.write_text("what there was\n")
    with pytest.raises(CommandError):
        run("dump_context", "--output", str(file), *wrong)
    assert file.read_text() == "what there was\n"


def test_load_says_where_to_go_on(stores, tmp_path):
    file = tmp_path / "dump"
    file.write_bytes(line(key="a") + line(key="b") + b"rubbish\n")
    with pytest.raises(CommandError, match=r"Line 3: .* Loaded 2, .* --from-line 3") as failed:
        run("load_context", str(file))
    assert failed.value.returncode == 3
    assert stores["default"].keys("s") == ["a", "b"]


def test_corrupt_entries_are_named_and_the_exit_code_tells(stores, tmp_path):
    store = stores["default"]
    store.set_many("s", {"a": 1, "b": 2})
    store._scopes["s"]["a"] = store._scopes["s"]["a"]._replace(text=b"{")
    err = io.StringIO()
    with pytest.raises(CommandError, match="1 that can't be read") as failed:
        call_command("dump_context", output=str(tmp_path / "dump"), stderr=err)
    assert failed.value.returncode == 3
    assert "s / a: " in err.getvalue()
    assert len((tmp_path / "dump").read_bytes().splitlines()) == 1


def test_load_reads_standard_input(tmp_path):
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'; django.setup()\n"
        "from django.core.management import call_command; call_command('load_context', '--store', 'memory')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], input=line() * 2, capture_output=True, check=False
    )
    assert done.stderr.decode() == ""
    assert re.fullmatch(r"Loaded 1, left 1 .*\n", done.stdout.decode())


@pytest.mark.django_db
@pytest.mark.parametrize("if_exists", ["skip", "replace"])
@pytest.mark.parametrize("alias", ["default", "memory", "locmem", "redis"])
def test_expiry_is_restored_to_the_microsecond_however_long_the_load_takes(alias, if_exists):
    if alias not in configured:
        pytest.skip(f"no {alias} here")
    ends = [4102444800000001, 30_000_000_000_000_007, 4102444800000001]
    lines = [
        b'{"scope":"until:1","key":"k%d","value":1,"expires_at":"%b"}\n'
        % (n, to_datetime(end).isoformat().encode())
        for n, end in enumerate(ends)
    ]
    Loader(configured[alias], if_exists=if_exists).load(lines)
    found = configured[alias].records("until:1")
    configured[alias].delete("until:1")
    assert [found[f"k{n}"].expires_at for n in range(3)] == ends

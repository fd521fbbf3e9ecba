"""Rule 5: a verb that is switched off."""
# ruff: noqa: S101 (a suite of tests, shipped)

import logging

import pytest

from statestore.exceptions import OperationDisabled
from statestore.testing.contract.calls import BY_SCOPE, ON_STORE, READS_BY_KEY, REMOVES_BY_KEY, SETS_BY_KEY, Call
from statestore.testing.contract.suite import Suite


def on_entry(calls: dict[str, Call]) -> dict[str, Call]:
    return {name: lambda store, call=call: call(store, "s", "k") for name, call in calls.items()}


def on_scope(*names: str) -> dict[str, Call]:
    return {name: lambda store, call=BY_SCOPE[name]: call(store, "s") for name in names}


SWITCHED = {
    "GET": on_entry(READS_BY_KEY) | on_scope("get_many all"),
    "SET": on_entry(SETS_BY_KEY),
    "REMOVE": on_entry(REMOVES_BY_KEY) | on_scope("delete"),
    "CLEAN": {name: ON_STORE[name] for name in ("clean", "clean dry")},
}
ALWAYS_ON = on_scope("keys", "touch") | {"scopes": ON_STORE["scopes"]}
CASES = [
    pytest.param(switch, call, id=f"{switch} {name}")
    for switch, calls in SWITCHED.items()
    for name, call in calls.items()
]


class Switches(Suite):
    @pytest.fixture
    def filled(self, bare):
        bare.set("s", "k", 1)

    @pytest.mark.usefixtures("filled")
    @pytest.mark.parametrize(("switch", "call"), CASES)
    def test_switched_off_is_refused_untouched_and_logged_once(
        self, store, configure, refuses, caplog, switch, call
    ):
        configure(**{f"ENABLE_{switch}": False})
        with caplog.at_level(logging.WARNING, logger="statestore"):
            error = refuses(OperationDisabled, call, store)
        assert error.alias == store.alias
        logged = [record for record in caplog.records if record.name.startswith("statestore")]
        assert [record.levelname for record in logged] == ["WARNING"]
        assert store.alias in logged[0].getMessage()

    @pytest.mark.usefixtures("filled")
    @pytest.mark.parametrize("switch", SWITCHED)
    def test_other_verbs_go_on(self, store, configure, switch, caplog):
        store.set("s", "k", {"a": 1})
        configure(**{f"ENABLE_{switch}": False})
        others = {
            name: call for other, calls in SWITCHED.items() if other != switch for name, call in calls.items()
        }
        for name, call in (ALWAYS_ON | others).items():
            configure()
            store.set_many("s", {"k": 1} if name == "increment" else {"k": {"a": 1}})
            configure(**{f"ENABLE_{switch}": False})
            call(store)
        assert not [record for record in caplog.records if record.name == "statestore"]

    @pytest.mark.usefixtures("filled")
    def test_refused_write_leaves_what_is_there(self, store, configure):
        configure(ENABLE_SET=False, ENABLE_REMOVE=False, ENABLE_CLEAN=False)
        for calls in (SWITCHED["SET"], SWITCHED["REMOVE"], SWITCHED["CLEAN"]):
            for call in calls.values():
                with pytest.raises(OperationDisabled):
                    call(store)
        assert store.get_many("s") == {"k": 1}

    def test_each_call_is_logged_anew(self, store, configure, caplog):
        configure(ENABLE_GET=False)
        for _ in range(3):
            with pytest.raises(OperationDisabled):
                store.get("s", "k")
        assert len([record for record in caplog.records if record.name == "statestore"]) == 3

"""What happens to the servers. Each returns the moment from which on all could work again, and raises unless it
really happened."""

import time

from tests.prove.failover_load import NEAR
from tests.servers.process import eventually

CUT = 1.0  # seconds without replication before the primary dies
LONG, SHORT = 1.3, 0.1  # seconds for which a node sends all who ask for a slot to another; the store waits for 1
HICCUP = 1.5  # seconds: more than the store waits, less than the other nodes
DOWN = 4.0  # seconds for which a range of slots is nowhere


def kill(group):
    """The primary is gone at once; its data too."""
    began = time.monotonic()
    group.primary.kill()
    group.wait_for_heir()
    return began


def stop(group):
    """The primary neither answers nor closes a connection, for good."""
    began = time.monotonic()
    group.primary.pause()
    group.wait_for_heir()
    return began


def hiccup(group):
    """The primary stands still so briefly that it stays the primary; what clients gave up is carried out late."""
    began = time.monotonic()
    group.primary.pause()
    time.sleep(HICCUP)
    group.primary.resume()
    time.sleep(HICCUP)
    assert group.primary.is_primary()
    return began


def come_back(group):
    """The primary stands still until another has its place, then goes on as if nothing had happened."""
    return _go_on(group, stop(group))


def come_back_late(group):
    """… and goes on when all who ask are sent to the other already."""
    began = stop(group)
    group.wait_until_known()
    return _go_on(group, began)


def _go_on(group, began):
    group.primary.resume()
    group.wait_until_deposed()
    return began


def plan(group):
    """An operator has a replica take over."""
    return _planned(group)


def plan_together(group):
    """… and primary and replica agree on the moment."""
    return _planned(group, "COORDINATED")


def _planned(group, *how):
    began = time.monotonic()
    group.plan_failover(*how)
    group.wait_for_heir()
    group.wait_until_deposed()
    return began


def cut_and_kill(group):
    """The replicas hear no more of the primary, then it dies: what it acknowledged in between is nowhere.

    It is started again, as somebody would, and follows the one that has taken over.
    """
    group.primary.cut_replication()
    time.sleep(CUT)
    with group.primary.client() as client:
        assert client.info("replication")["connected_slaves"] == 0
    began = kill(group)
    group.wait_until_known()
    group.primary.start()
    group.wait_until_deposed()
    return began


def move_slots(group):
    """The slots of the near scopes go to another primary, and back, while they are used."""
    began, servers = time.monotonic(), group.servers
    other = servers.masters[1]
    slots = {group.slot(scope) for scope in group.scopes()[NEAR]}
    for source, target in [(group.primary, other), (other, group.primary)]:
        for slot in slots:
            servers.move(slot, source, target, after=LONG if slot == min(slots) else SHORT)
    assert _told(servers.masters, "ASK") and _told(servers.masters, "MOVED")  # noqa: PT018 (both, or void)
    return began


def _told(servers, error):
    """Return how often the servers have given this answer."""
    total = 0
    for server in servers:
        with server.client() as client:
            total += client.info("errorstats").get(f"errorstat_{error}", {}).get("count", 0)
    return total


def lose_range(group):
    """The primary and its only replica are gone for a while; then both are started again with what they had."""
    take_range_down(group)
    time.sleep(DOWN)
    began = time.monotonic()
    for server in (group.primary, *group.heirs):
        server.start()
    return began


def take_range_down(group):
    """Kill the primary and all who could take over; the others know it in the end."""
    for server in (*group.heirs, group.primary):
        server.kill()
    for witness in group.servers.masters[1:]:
        eventually(lambda witness=witness: _range_is_down(witness))


def _range_is_down(witness):
    with witness.client() as client:
        return int(client.cluster("info")["cluster_slots_fail"]) > 0

"""The reader of replies: it says what redis-py's own says, in whatever pieces they come."""

import math

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis._parsers import _RESP2Parser
from redis._parsers.encoders import Encoder

from statestore.backends.redis_replies import BY_HEART, MOST, Replies

TEXTS = st.none() | st.binary(max_size=200) | st.sampled_from([b"", b"\r\n", b"$1\r\n", b"*2\r\n", b"-ERR\r\n"])
SCALARS = TEXTS | st.integers(-(2**63), 2**63 - 1)
REPLIES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=20), max_leaves=40)


def wire(reply):
    if reply is None:
        return b"$-1\r\n"
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    return b"*%d\r\n" % len(reply) + b"".join(map(wire, reply))


class Parser(_RESP2Parser):
    """Knows a cluster's errors too; redis-py before 6 has a parser of its own for them."""

    EXCEPTION_CLASSES = getattr(redis.cluster, "ClusterParser", _RESP2Parser).EXCEPTION_CLASSES


class Socket:
    """Gives out what a server said, so many bytes at a time, and then the end."""

    def __init__(self, data, size):
        self.data, self.size, self.asked = data, size, []

    def recv(self, most):
        self.asked.append(most)
        size = min(most, self.size)
        part, self.data = self.data[:size], self.data[size:]
        return part


class Connection:
    socket_timeout = 1
    encoder = Encoder("utf-8", "strict", decode_responses=False)

    def __init__(self, data, size=math.inf):
        self._sock = Socket(data, size)
        self._parser = Parser(65536)


def read(data, size=math.inf, number=1):
    replies = Replies(Connection(data, size))
    found = [replies.read() for _ in range(number)]
    assert replies.is_done()
    return found


@given(st.lists(REPLIES, min_size=1, max_size=4), st.integers(1, 50) | st.just(math.inf))
def test_replies_are_read_in_whatever_pieces_they_come(replies, size):
    assert read(b"".join(map(wire, replies)), size, len(replies)) == replies


@given(st.lists(REPLIES, min_size=1, max_size=4))
def test_replies_are_those_that_redis_py_reads(replies):
    connection = Connection(b"".join(map(wire, replies)))
    connection._parser.on_connect(connection)
    theirs = [connection._parser.read_response(disable_decoding=True) for _ in replies]
    assert read(b"".join(map(wire, replies)), number=len(replies)) == theirs


@pytest.mark.parametrize("size", [1, 2, 5, 14, 35, math.inf])
@pytest.mark.parametrize("text", BY_HEART)
def test_replies_known_by_heart_are_known_in_whatever_pieces_they_come(text, size, monkeypatch):
    monkeypatch.setattr(Replies, "read", None)
    replies = Replies(Connection(text, size))
    assert replies.read_several(4) == BY_HEART[text]
    assert replies.is_done()


@pytest.mark.parametrize("size", [1, 14, 24, math.inf])
def test_error_after_what_is_known_by_heart_is_read(size):
    known = b"+OK\r\n+QUEUED\r\n"
    replies = Replies(Connection(known + b"-WRONGTYPE no hash\r\n-EXECABORT discarded\r\n", size))
    *before, refused, aborted = replies.read_several(4)
    assert before == [b"OK", b"QUEUED"]
    assert [str(refused), type(aborted)] == ["WRONGTYPE no hash", redis.exceptions.ExecAbortError]
    assert replies.is_done()


def test_large_texts_are_asked_for_in_bounded_pieces():
    connection = Connection(wire([b"x" * 3_000_000, b"y"]), 100_000)
    assert Replies(connection).read() == [b"x" * 3_000_000, b"y"]
    assert max(connection._sock.asked) == MOST


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"-ERR no", redis.ResponseError),
        (b"-NOSCRIPT No matching script.", redis.exceptions.NoScriptError),
        (b"-OOM command not allowed", redis.exceptions.OutOfMemoryError),
        (b"-MOVED 3999 127.0.0.1:6381", redis.exceptions.MovedError),
        (b"-ASK 3999 127.0.0.1:6381", redis.exceptions.AskError),
        (b"-TRYAGAIN Multiple keys", redis.exceptions.TryAgainError),
        (b"-\xff\xfe", redis.ResponseError),
    ],
)
def test_error_is_a_reply_of_redis_pys_kind(line, kind):
    [error, after] = read(line + b"\r\n+OK\r\n", number=2)
    assert type(error) is kind
    assert after == b"OK"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"-LOADING Redis is loading", redis.BusyLoadingError),
        (b"-NOAUTH Authentication required.", redis.AuthenticationError),
        (b"-ERR max number of clients reached", redis.ConnectionError),
        (b"-READONLY You can't write", redis.exceptions.ReadOnlyError),
        (b"%1", redis.exceptions.InvalidResponse),
        (b"", redis.ConnectionError),
        (b"$5\r\nabc", redis.ConnectionError),
        (b"$nonsense", ValueError),
    ],
)
def test_what_ends_a_connection_is_raised(line, kind):
    with pytest.raises(kind):
        read(line + b"\r\n" if line[:2] != b"$5" and line else line)


def test_large_reply_is_kept_no_longer_than_it_is_read():
    text = b"x" * 3_000_000
    replies = Replies(Connection(wire(text)))
    assert replies.read() == text
    assert len(replies._data) > 3_000_000
    assert replies.is_done()
    assert replies._data == b""


def test_what_was_not_asked_for_is_seen():
    replies = Replies(Connection(b"+OK\r\n+OK\r\n"))
    replies.read()
    assert not replies.is_done()


def test_a_text_is_not_looked_up_among_what_is_known_by_heart(monkeypatch):
    """Its hash took a quarter of a get of 64 KB."""
    monkeypatch.setattr("statestore.backends.redis_replies.BY_HEART", None)
    assert Replies(Connection(wire(b"x" * 64_000))).read_several(1) == [b"x" * 64_000]

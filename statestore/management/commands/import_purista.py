"""``manage.py import_purista``: bring the state that PURISTA kept in Redis into a store."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from statestore.management.moving import MoveCommand
from statestore.moving.mover import Refused
from statestore.moving.purista import Naming, sources

DEFAULTS = Naming()
TIMEOUT = 10  # seconds


class Command(MoveCommand):
    """Reaches the Redis; what its keys mean, ``statestore.moving.purista`` knows."""

    help = (
        "Brings what PURISTA's RedisStateStore keeps into a store. A name is split at its last separator into "
        "scope and key; a scope is taken as a whole or not at all. The source is only read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        super().add_arguments(parser)
        add = parser.add_argument
        add("url", metavar="URL", help="The Redis that PURISTA uses, such as redis://localhost:6379/0.")
        add("--prefix", default="", metavar="TEXT", help="Only states whose names start with this text.")
        add(
            "--separator",
            default=DEFAULTS.separator,
            metavar="TEXT",
            help="What separates scope and key (default: %(default)s).",
        )
        add("--rest", default=DEFAULTS.rest, metavar="SCOPE", help="For names without one (default: %(default)s).")
        add("--scope", metavar="SCOPE", help="Put everything into this scope; the whole name is the key then.")

    def handle(
        self, *, url: str, prefix: str, separator: str, rest: str, scope: str | None, **options: Any
    ) -> None:
        """Take every scope, then a sentence."""
        if not separator:
            raise CommandError("--separator is some text.")
        mover, (client, unwell) = self.mover(**options), _client(url)
        try:
            with client, sources(client, Naming(separator, scope, rest), prefix) as found:
                self.move(mover, found)
        except Refused as error:
            raise CommandError(str(error)) from error
        except unwell as error:
            raise CommandError(f"This Redis can't be read ({type(error).__name__}: {error}).") from error


def _client(url: str) -> tuple[Any, type[Exception]]:
    try:
        import redis
    except ImportError as error:
        raise CommandError('This needs redis-py: pip install "statestore[redis]"') from error
    try:
        return redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT), redis.RedisError
    except ValueError as error:
        raise CommandError(f"{error}") from error

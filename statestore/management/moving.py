"""What the commands that bring state over have in common."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from statestore.exceptions import StateStoreError
from statestore.handler import DEFAULT, stores
from statestore.loading import IF_EXISTS, SKIP
from statestore.management.exits import INCOMPLETE, INTERRUPTED, NOTHING_DONE
from statestore.moving.mover import Moved, Mover, Refused, Source


class MoveCommand(BaseCommand):
    """Takes sources, scope by scope, and says what came of it."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options that all have."""
        add = parser.add_argument
        add("--store", default=DEFAULT, metavar="ALIAS", help="The store to write to (default: %(default)s).")
        add(
            "--if-exists",
            choices=IF_EXISTS,
            default=SKIP,
            help="Where there is another value: leave it, replace it, or refuse its scope (default: %(default)s).",
        )
        add("--dry-run", action="store_true", help="Look at everything, say what would be done, and write nothing.")

    def mover(self, *, store: str, if_exists: str, dry_run: bool, **options: Any) -> Mover:
        """Return what takes the sources; remember how talkative to be."""
        self._talkative, self._refused = options["verbosity"], 0
        try:
            mover = Mover(stores[store], if_exists, dry_run)
            mover.store._permit("SET", "set_many")  # noqa: SLF001 (a dry run is to say so, too)
        except (StateStoreError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        return mover

    def move(self, mover: Mover, sources: Iterable[Source]) -> None:
        """Take every source; one that is refused is named on standard error, and the others are still taken."""
        try:
            for source in sources:
                self._take(mover, source)
        except Refused as error:
            raise self._stopped(mover, error) from error
        except StateStoreError as error:
            raise self._stopped(mover, error, again=True) from error
        except KeyboardInterrupt:
            raise self._stopped(mover, "Interrupted.", INTERRUPTED, again=True) from None
        if self._refused:
            raise self._stopped(mover, f"{_number(self._refused, 'scope')} refused.")
        if self._talkative:
            self.stdout.write(_sentence(mover))

    def _take(self, mover: Mover, source: Source) -> None:
        try:
            done = mover.take(source)
        except Refused as error:
            self._refused += 1
            self.stderr.write(str(error))
        else:
            if self._talkative > 1:
                self.stdout.write(f"{source.scope}: {_counts(done)}")

    def _stopped(self, mover: Mover, reason: object, code: int = 0, *, again: bool = False) -> CommandError:
        hint = " Run it again to go on." if again else ""
        code = code or (INCOMPLETE if mover.moved.scopes else NOTHING_DONE)
        return CommandError(f"{reason} {_sentence(mover)}{hint}", returncode=code)


def _sentence(mover: Mover) -> str:
    verb = "Would bring over" if mover.dry_run else "Brought over"
    return f"{verb} {_number(mover.moved.scopes, 'scope')}: {_counts(mover.moved)}."


def _counts(done: Moved) -> str:
    return f"{done.written:,} written, {done.same:,} there already, {done.kept:,} left as they differ"


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"

"""``manage.py load_context``: read scopes from JSON lines."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from statestore.exceptions import StateStoreError
from statestore.handler import DEFAULT, stores
from statestore.loading import IF_EXISTS, SKIP, Loaded, Loader, lines_of
from statestore.management.exits import INCOMPLETE, INTERRUPTED, NOTHING_DONE


class Command(BaseCommand):
    """Opens the file; what a line is, ``statestore.transfer`` knows."""

    help = (
        "Writes the entries of a dump into a store. An entry is written whole or not at all, and a line that can't "
        "be loaded stops it with all before that line loaded. Loading a file again is safe."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("file", nargs="?", default="-", metavar="FILE", help="The dump; standard input where there is none.")
        add("--store", default=DEFAULT, metavar="ALIAS", help="The store to write to (default: %(default)s).")
        add(
            "--if-exists",
            choices=IF_EXISTS,
            default=SKIP,
            help="Where there is an entry already: leave it, replace it, or stop (default: %(default)s).",
        )
        add("--from-line", type=int, default=1, metavar="N", help="Begin at this line, to take up a load again.")

    def handle(self, *, file: str, store: str, if_exists: str, from_line: int, **options: Any) -> None:
        """Load the lines, then a sentence."""
        if from_line < 1:
            raise CommandError("--from-line is a whole number above 0.")
        try:
            loader = Loader(stores[store], if_exists=if_exists)
        except (StateStoreError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        try:
            with _opened(file) as lines:
                loader.load(lines_of(lines, loader.store), first=from_line)
        except StateStoreError as error:
            raise _stopped(error, loader.loaded, INCOMPLETE) from error
        except KeyboardInterrupt:
            raise _stopped("Interrupted.", loader.loaded, INTERRUPTED) from None
        if options["verbosity"]:
            self.stdout.write(f"{_counts(loader.loaded)}.")


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{name} can't be read: {error.strerror}.") from error


def _stopped(reason: object, loaded: Loaded, code: int) -> CommandError:
    if not loaded.lines:
        code = NOTHING_DONE if code == INCOMPLETE else code
        return CommandError(f"{reason} Nothing was loaded.", returncode=code)
    again = f"Take it up again with --from-line {loaded.lines + 1}."
    return CommandError(f"{reason} {_counts(loaded)} until then. {again}", returncode=code)


def _counts(loaded: Loaded) -> str:
    return f"Loaded {loaded.written:,}, left {loaded.skipped:,} that exist and {loaded.expired:,} that have expired"

"""``manage.py dump_context``: write scopes as JSON lines."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from statestore import transfer
from statestore.exceptions import StateStoreError
from statestore.handler import DEFAULT, stores
from statestore.management.exits import INCOMPLETE, INTERRUPTED, NOTHING_DONE


class Command(BaseCommand):
    """Opens the file; what a line is, ``statestore.transfer`` knows."""

    help = (
        "Writes the scopes of a store as JSON lines, an entry a line, for load_context: any store to any store. "
        "An entry that can't be read is left out and named on standard error; the exit code is 3 then."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--store", default=DEFAULT, metavar="ALIAS", help="The store to read (default: %(default)s).")
        add("--prefix", default="", metavar="TEXT", help="Only scopes whose names start with this text.")
        add("--after", default="", metavar="SCOPE", help="Only scopes that come after this one, by name.")
        add("--output", default="-", metavar="FILE", help="Write into this file, not to standard output.")
        add("--resume", action="store_true", help="Go on with an unfinished dump in the file given by --output.")

    def handle(self, *, store: str, prefix: str, after: str, output: str, resume: bool, **options: Any) -> None:
        """Write the lines, then a sentence on standard error."""
        if resume and (output == "-" or after):
            raise CommandError("--resume goes with --output FILE and without --after.")
        self._left_out = 0
        entries = 0
        try:
            dump = partial(transfer.dump, stores[store], prefix=prefix, on_corrupt=self._leave_out)
            lines = None if resume else transfer.begun(dump(after=after))
            with self._opened(output, resume=resume) as file:  # which empties an older one
                for line in lines or dump(after=transfer.resume(file)):
                    file.write(line)
                    entries += 1
        except (StateStoreError, ImproperlyConfigured) as error:
            raise CommandError(
                _unfinished(error, entries, output), returncode=INCOMPLETE if entries else NOTHING_DONE
            ) from error
        except KeyboardInterrupt:
            raise CommandError(_unfinished("Interrupted.", entries, output), returncode=INTERRUPTED) from None
        if options["verbosity"]:
            self.stderr.write(f"Dumped {_count(entries)}.", style_func=str)
        if self._left_out:
            raise CommandError(f"{self._left_out:,} that can't be read: left out.", returncode=INCOMPLETE)

    @contextmanager
    def _opened(self, output: str, *, resume: bool) -> Iterator[BinaryIO]:
        if output == "-":
            yield _standard_output(self.stdout)
            return
        try:
            with Path(output).open("r+b" if resume and Path(output).exists() else "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CommandError(f"{output} can't be written: {error.strerror}.") from error

    def _leave_out(self, scope: str, key: str | None, why: str) -> None:
        if key is not None:
            self._left_out += 1
            self.stderr.write(f"{scope} / {key}: {why}", style_func=str)


class _Bytes:
    """Takes bytes for a text stream that has none of its own, as tests hand in."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, line: bytes) -> None:
        self._stream.write(line.decode())


def _standard_output(wrapper: Any) -> Any:
    stream = getattr(wrapper, "_out", sys.stdout)
    return getattr(stream, "buffer", None) or _Bytes(stream)


def _unfinished(reason: object, entries: int, output: str) -> str:
    if not entries:
        return f"{reason} Nothing was dumped."
    again = f" Take it up again with --resume --output {output}." if output != "-" else ""
    return f"{reason} Until then {_count(entries)} went out.{again}"


def _count(entries: int) -> str:
    return f"{entries:,} {'entry' if entries == 1 else 'entries'}"

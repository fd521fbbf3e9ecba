"""``manage.py dump_context``: write scopes as JSON lines."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
        add("--prefix", default="", help="Only scopes whose names start with this text.")
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
            with self._opened(output, resume=resume) as file:
                start = transfer.resume(file) if resume else after
                for line in transfer.dump(stores[store], prefix=prefix, after=start, on_corrupt=self._leave_out):
                    file.write(line)
                    entries += 1
        except (StateStoreError, ImproperlyConfigured) as error:
            raise CommandError(
                _unfinished(error, entries, output), returncode=INCOMPLETE if entries else NOTHING_DONE
            ) from error
        except KeyboardInterrupt:
            raise CommandError(_unfinished("Interrupted.", entries, output), returncode=INTERRUPTED) from None
        if options["verbosity"]:
            self.stderr.write(f"Dumped {entries:,} {'entry' if entries == 1 else 'entries'}.", style_func=str)
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
    again = f" Take it up again with --resume --output {output}." if entries and output != "-" else ""
    return f"{reason} {entries:,} entries were dumped until then.{again}"

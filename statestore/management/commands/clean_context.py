"""``manage.py clean_context``: remove the state that nobody needs any more."""

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from statestore import cleaning
from statestore.backends.walking import BATCH
from statestore.cleaning import NothingActive, Step
from statestore.cleanrules import Rule, check_idle, configured_rules
from statestore.entries import CleanReport
from statestore.exceptions import InvalidValue, StateStoreError
from statestore.idlists import read_ids
from statestore.management.exits import INCOMPLETE, INTERRUPTED, NOTHING_DONE


class Command(BaseCommand):
    """Parses, asks, runs the plan and prints; what to do is in ``statestore.cleaning``."""

    help = (
        "Removes the state that nobody needs any more: scopes that are not active, or not used for some time. "
        "Without --active, --active-from and --idle it follows the rules in STATESTORE['CLEAN']."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        add = parser.add_argument
        add("--store", action="append", metavar="ALIAS", help="Clean this store only. May be given several times.")
        add(
            "--active",
            action="append",
            metavar="ID",
            help="A scope that stays, or a leading segment of scopes that stay. May be given several times.",
        )
        add(
            "--active-from",
            action="append",
            metavar="FILE",
            help="Read active ids from this file, - for standard input: one a line, or a Node-RED flow export.",
        )
        add(
            "--idle",
            metavar="AGE",
            help="Remove only what was not used for so long: a number with s, m, h, d or w.",
        )
        add("--prefix", default="", metavar="TEXT", help="Remove only scopes whose names start with this text.")
        add("--dry-run", action="store_true", help="Remove nothing; say what would be removed.")
        add(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask for confirmation."
        )
        add("--batch-size", type=int, default=BATCH, metavar="N", help=f"Scopes looked at in one step ({BATCH}).")
        add("--format", choices=("text", "json"), default="text", help="How the summary is printed.")
        add("--allow-empty", action="store_true", help="Let an empty list of active ids pass: nothing is active.")

    def handle(self, **options: Any) -> None:
        """Make the plan, ask, carry it out, print the summary."""
        if options["batch_size"] < 1:
            raise CommandError("--batch-size is a whole number above 0.")
        try:
            steps = self._plan(options)
            if steps and options["interactive"] and not options["dry_run"] and sys.stdin.isatty():
                self._ask(steps)
        except NothingActive as error:
            raise CommandError(f"{error} --allow-empty lets it pass.") from error
        except (StateStoreError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Nothing was removed.", returncode=INTERRUPTED) from None
        Run(self, options).carry_out(steps)

    def _plan(self, options: dict[str, Any]) -> list[Step]:
        steps = cleaning.plan(
            self._rules(options),
            only=_several(options["store"]),
            prefix=options["prefix"],
            allow_empty=options["allow_empty"],
        )
        if not steps:
            self.say(
                "There is nothing to go by: give --active, --active-from or --idle, or write a rule for these "
                "scopes into STATESTORE['CLEAN'].\n"
            )
        return steps

    def _rules(self, options: dict[str, Any]) -> list[Rule]:
        ids, files, idle = options["active"], _several(options["active_from"]), options["idle"]
        if ids is None and not files and idle is None:
            return configured_rules()
        listed = None if ids is None and not files else lambda: self._listed(_several(ids), files, options)
        return [Rule(active=listed, idle=None if idle is None else check_idle(idle))]

    def _listed(self, ids: list[str], files: list[str], options: dict[str, Any]) -> Iterable[str]:
        found = set(ids)
        for name in files:
            content, source = _content(name)
            more = read_ids(content, source)
            if not more and not options["allow_empty"]:
                raise InvalidValue(f"{source} has no id in it; --allow-empty lets it pass.")
            found |= more
        return found

    def _ask(self, steps: list[Step]) -> None:
        self.say("This removes for ever:\n")
        for step in steps:
            self.say(f"  {_described(step)}\n")
        self.say("Type 'yes' to go on (--dry-run would only count): ")
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError("Not confirmed. Nothing was removed.")

    def say(self, text: str) -> None:
        """Write to standard error, in no colour: it is news, not a fault."""
        self.stderr.write(text, style_func=str, ending="")
        self.stderr.flush()


class Run:
    """A plan being carried out: what is done so far is known even when it ends before its time."""

    def __init__(self, command: Command, options: dict[str, Any]) -> None:
        self.command = command
        self.options = options
        self.dry_run = options["dry_run"]
        self.done: dict[Step, CleanReport] = {}
        self._shown = 0.0
        self._watched = options["verbosity"] > 0 and command.stderr.isatty()

    def carry_out(self, steps: list[Step]) -> None:
        """Clean and print the summary; where that breaks off, of what was done until then, and ``CommandError``."""
        try:
            self._clean(steps)
        except KeyboardInterrupt:
            self._break_off("Interrupted.", INTERRUPTED)
        except StateStoreError as error:
            self._break_off(str(error), INCOMPLETE if self._total().examined else NOTHING_DONE)
        self._print()

    def _clean(self, steps: list[Step]) -> None:
        size = self.options["batch_size"]
        for step, report in cleaning.run(steps, dry_run=self.dry_run, batch_size=size, progress=self._note):
            self.done[step] = report

    def _note(self, step: Step, report: CleanReport) -> None:
        self.done[step] = report
        if self._watched and time.monotonic() - self._shown > 0.1:
            self._shown = time.monotonic()
            self.command.say(f"\r\033[K{_line(step, report)}")

    def _break_off(self, reason: str, code: int) -> None:
        self._print(reason)
        raise CommandError(f"{reason} {self._until_then()}", returncode=code)

    def _until_then(self) -> str:
        total = self._total()
        if not total.examined:  # of a batch a part may be done
            return "Nothing was removed." if self.dry_run else "No batch was finished."
        gone = "" if self.dry_run else f"Until then {_count(total.removed, 'scope')} went. "
        return f"{gone}Running it again takes it up from there."

    def _total(self) -> CleanReport:
        return cleaning.add_up([CleanReport(), *self.done.values()], dry_run=self.dry_run)

    def _print(self, error: str = "") -> None:
        if self._shown:
            self.command.say("\r\033[K")
        if self.options["format"] == "json":
            self.command.stdout.write(json.dumps(self._record(error)))
        elif self.options["verbosity"] and (self._total().examined or not error):
            for step, report in self.done.items():
                self.command.stdout.write(_line(step, report))
            self.command.stdout.write(_sentence(self._total()))

    def _record(self, error: str) -> dict[str, Any]:
        steps = [
            {"store": step.store.alias, "family": step.family, "prefix": step.prefix, **asdict(report)}
            for step, report in self.done.items()
        ]
        return {**asdict(self._total()), "complete": not error, "error": error or None, "steps": steps}


def _line(step: Step, report: CleanReport) -> str:
    would = "would be " if report.dry_run else ""
    return (
        f"{step}: {report.examined:,} examined, {report.removed:,} {would}removed "
        f"({_count(report.entries, 'entry', 'entries')}), {report.kept:,} kept"
    )


def _sentence(total: CleanReport) -> str:
    removed, kept = ("would remove", "keep") if total.dry_run else ("removed", "kept")
    scopes, entries = _count(total.examined, "scope"), _count(total.entries, "entry", "entries")
    return f"Examined {scopes}, {removed} {total.removed:,} ({entries}), {kept} {total.kept:,}."


def _described(step: Step) -> str:
    what = f"of the family {step.family!r}" if step.family else ""
    if step.prefix and step.prefix != f"{step.family}:":
        what = f"whose name starts with {step.prefix!r}"
    but = f"but for what is covered by {_count(len(step.active), 'active id')}" if step.active else ""
    idle = f"not used since {step.idle_since:%Y-%m-%d %H:%M} UTC" if step.idle else ""
    words = filter(None, [f"from the store {step.store.alias!r} every scope", what, but, idle])
    return " ".join(words)


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _several(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _content(name: str) -> tuple[bytes, str]:
    if name == "-":
        binary = getattr(sys.stdin, "buffer", None)
        return (binary.read() if binary else sys.stdin.read().encode()), "standard input"
    try:
        return Path(name).read_bytes(), name
    except OSError as error:
        raise InvalidValue(f"{name} can't be read: {error.strerror}.") from error

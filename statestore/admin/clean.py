"""The clean page: what would go, as numbers, a picture and a sample; then, once confirmed, exactly that.

It makes the same plan as ``clean_context`` and carries it out by the same code. The confirmation knows the plan
that the dry run followed: should the rules name other scopes by then, the page asks again.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from statestore import cleaning
from statestore.admin import history
from statestore.admin.base import Page
from statestore.admin.sampling import Bar, by_age
from statestore.cleaning import Step
from statestore.cleanrules import Rule, check_idle, configured_rules
from statestore.entries import CleanReport, ScopeInfo, to_datetime
from statestore.exceptions import StoreError, UsageError
from statestore.idlists import read_ids
from statestore.names import is_active

LOOK = 2000  # scopes of each step that the sample and the picture are made of
SAMPLE = 50  # of them are listed
SALT = "statestore.admin.clean"
VALID = 3600  # seconds that a dry run may be confirmed


@dataclass(frozen=True)
class Form:
    """What is to be cleaned: by the site's own rules, or by ids and an age."""

    by: str = "rules"
    active: str = ""
    idle: str = ""
    prefix: str = ""
    allow_empty: bool = False

    @classmethod
    def of(cls, posted: Any) -> "Form":
        """Return what was sent."""
        words = {name: posted.get(name, "").strip() for name in ("by", "idle", "prefix")}
        return cls(**words, active=posted.get("active", ""), allow_empty=bool(posted.get("allow_empty")))

    def plan(self, alias: str) -> list[Step]:
        """Return the steps this comes to; ``UsageError`` says what is wrong with it."""
        return cleaning.plan(self._rules(), only=[alias], prefix=self.prefix, allow_empty=self.allow_empty)

    def _rules(self) -> list[Rule]:
        if self.by == "rules":
            return configured_rules()
        idle = check_idle(self.idle) if self.idle else None
        listed = read_ids(self.active.replace("\r\n", "\n").encode(), str(_("The list of active ids")))
        if not listed and not self.allow_empty:
            return [] if idle is None else [Rule(active=None, idle=idle)]
        return [Rule(active=lambda: listed, idle=idle)]


class CleanPage(Page):
    """Try it, look at it, do it."""

    template = "admin/statestore/clean.html"
    needs = ("view", "clean")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the form."""
        return self._page(Form(by="rules" if configured_rules() else "ids", prefix=request.GET.get("q", "")))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Show a dry run; or do what an earlier one has shown."""
        form = Form.of(request.POST)
        try:
            steps = form.plan(self.alias)
        except UsageError as error:
            return self._page(form, problem=str(error))
        if not steps:
            return self._page(form, problem=_("Nothing here says what may go, so nothing does."))
        if "confirmed" not in request.POST:
            return self._dry_run(form, steps)
        agreed = _agreed(request.POST["confirmed"], form, self.alias, steps)
        if agreed is None:
            self.say(messages.WARNING, _("The rules name something else by now; look at it again."))
            return self._dry_run(form, steps)
        return self._clean(agreed)

    def _dry_run(self, form: Form, steps: list[Step]) -> HttpResponseBase:
        reports = list(cleaning.run(steps, dry_run=True))
        going, complete = _sample(steps)
        total = cleaning.add_up([report for _step, report in reports], dry_run=True)
        return self._page(
            form,
            reports=reports,
            total=total,
            sample=going[:SAMPLE],
            sample_is_part=total.removed > len(going[:SAMPLE]),
            picture=by_age(going, to_datetime(self.store.now())),
            picture_is_part=not complete,
            shares=_shares(total),
            confirmed=_token(form, self.alias, steps),
        )

    def _clean(self, steps: list[Step]) -> HttpResponseBase:
        done: list[CleanReport] = []
        try:
            done += (report for _step, report in cleaning.run(steps))
        except StoreError as error:
            self.say(messages.ERROR, str(error))
        finally:
            total = cleaning.add_up(done, dry_run=False)
            message = f"Cleaned: {total.removed} scopes with {total.entries} entries removed, {total.kept} kept."
            history.note(self.request, CHANGE, [(self.alias,)], message)
        said = ngettext("%d scope was removed", "%d scopes were removed", total.removed) % total.removed
        kept = ngettext("%d was kept", "%d were kept", total.kept) % total.kept
        self.say(messages.SUCCESS, f"{said}, {kept}.")
        return self.go("clean", self.alias)

    def _page(self, form: Form, **extra: Any) -> HttpResponseBase:
        rules = configured_rules()
        return self.page(title=_("Clean %s") % self.alias, form=form, rules=rules, **extra)


def _sample(steps: Iterable[Step]) -> tuple[list[ScopeInfo], bool]:
    """Return some of the scopes that would go, and whether that is all of them."""
    found, complete = [], True
    for step in steps:
        seen = list(step.store.scopes(step.prefix, limit=LOOK))
        bare = step.bare and step.store.info(step.bare)
        found += [info for info in ([bare] if bare else []) + seen if _would_go(info, step)]
        complete = complete and len(seen) < LOOK
    return found, complete


def _would_go(info: ScopeInfo, step: Step) -> bool:
    return not is_active(info.name, step.active) and info.updated_at < step.idle_since


def _shares(total: CleanReport) -> list[Bar]:
    whole = total.examined or 1
    return [
        Bar(_("would go"), total.removed, round(100 * total.removed / whole, 2)),
        Bar(_("would stay"), total.kept, round(100 * total.kept / whole, 2)),
    ]


def _token(form: Form, alias: str, steps: list[Step]) -> str:
    began = [step.began.isoformat() for step in steps]
    return signing.dumps({"began": began, "plan": _digest(form, alias, steps)}, salt=SALT)


def _agreed(token: str, form: Form, alias: str, steps: list[Step]) -> list[Step] | None:
    """Return the steps as the dry run took them, with its moments; None if these are others."""
    try:
        said = signing.loads(token, salt=SALT, max_age=VALID)
    except signing.BadSignature:
        return None
    if said["plan"] != _digest(form, alias, steps):
        return None
    moments = map(datetime.fromisoformat, said["began"])
    return [replace(step, began=moment) for step, moment in zip(steps, moments, strict=True)]


def _digest(form: Form, alias: str, steps: list[Step]) -> str:
    """Return what two plans have in common exactly when they name the same scopes at the same moment."""
    named = [
        [step.store.alias, step.prefix, step.bare, sorted(step.active), step.idle and step.idle.total_seconds()]
        for step in steps
    ]
    text = json.dumps([alias, form.by, form.prefix, named])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

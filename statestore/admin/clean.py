"""The clean page: what would go, as numbers, a picture and a sample; then, once confirmed, exactly that.

It makes the same plan as ``clean_context`` and carries it out by the same code. The confirmation knows the plan
that the dry run followed: should the rules name other scopes by then, the page asks again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from statestore import cleaning
from statestore.admin.base import Page
from statestore.admin.cleanlog import CleanLog
from statestore.admin.progress import Run, digest
from statestore.admin.sampling import Bar, by_age
from statestore.cleaning import Step
from statestore.cleanrules import Rule, check_idle, configured_rules
from statestore.entries import CleanReport, ScopeInfo, to_datetime
from statestore.exceptions import StoreError, UsageError
from statestore.idlists import read_ids
from statestore.names import is_active

LOOK = 2000  # scopes of each step that the sample and the picture are made of
SAMPLE = 50  # of them are listed


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

    def plan(self, alias: str, site_rules: list[Rule]) -> list[Step]:
        """Return the steps this comes to; ``UsageError`` says what is wrong with it."""
        rules = site_rules if self.by == "rules" else self._rules()
        return cleaning.plan(rules, only=[alias], prefix=self.prefix, allow_empty=self.allow_empty)

    def _rules(self) -> list[Rule]:
        idle = check_idle(self.idle) if self.idle else None
        listed = read_ids(self.active.replace("\r\n", "\n").encode(), str(_("The list of active ids")))
        if not listed and not self.allow_empty:
            return [] if idle is None else [Rule(active=None, idle=idle)]
        return [Rule(active=lambda: listed, idle=idle)]


class CleanPage(Page):
    """Try it, look at it, do it; each of the two in as many requests as it takes."""

    template = "admin/statestore/clean.html"
    needs = ("view", "clean")
    verb = ("CLEAN", "clean")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show the form."""
        return self._page(Form(by="rules" if self._concerning() else "ids", prefix=request.GET.get("q", "")))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Begin a dry run, do what one has shown, or go on with either."""
        form = Form.of(request.POST)
        try:
            steps = form.plan(self.alias, self.site_rules)
        except UsageError as error:
            return self._page(form, problem=str(error))
        if not steps:
            return self._page(form, problem=_("Nothing here says what may go, so nothing does."))
        return self._go_on(form, steps, self._run(form, steps))

    def _run(self, form: Form, steps: list[Step]) -> Run:
        """Return the run that was asked for; a new dry run if the plan is another one by now."""
        posted, user = self.request.POST, str(self.request.user.pk)
        plan = digest(steps, self.alias, form.by, form.prefix)
        token = posted.get("confirmed") or posted.get("going_on")
        run = Run.read(token, plan, user) if token else None
        if token and run is None:
            self.say(messages.WARNING, _("The rules name something else by now; look at it again."))
        if run is None:
            return Run.of(steps, plan, user)
        if "confirmed" in posted and run.dry_run and run.is_done:
            run = run.confirmed()
            run.log = CleanLog.begin(self.request, self.alias)
        return run

    def _go_on(self, form: Form, steps: list[Step], run: Run) -> HttpResponseBase:
        steps, problem = run.at_their_moments(steps), ""
        if "stop" in self.request.POST:
            return self._stop(run)
        try:
            run.work(steps)
        except StoreError as error:
            problem = str(error)
        if problem or not run.is_done:
            return self._under_way(form, run, problem)
        return self._found(form, steps, run) if run.dry_run else self._finish(run)

    def _under_way(self, form: Form, run: Run, problem: str) -> HttpResponseBase:
        removed = 0 if run.dry_run else CleanLog(run.log).counts[0]
        looked_at = run.total.examined if run.dry_run else removed + run.total.kept
        under_way = {"run": run, "removed": removed, "looked_at": looked_at, "going_on": run.token()}
        return self._page(form, problem=problem, **under_way)

    def _found(self, form: Form, steps: list[Step], run: Run) -> HttpResponseBase:
        """Show what a dry run found."""
        going, complete = _sample(steps)
        return self._page(
            form,
            reports=list(zip(steps, run.reports, strict=True)),
            total=run.total,
            sample=going[:SAMPLE],
            sample_is_part=run.total.removed > len(going[:SAMPLE]),
            picture=by_age(going, to_datetime(self.store.now())),
            picture_is_part=not complete,
            shares=_shares(run.total),
            confirmed=run.token(),
        )

    def _finish(self, run: Run) -> HttpResponseBase:
        removed, _entries, kept = CleanLog(run.log).finish()
        said = ngettext("%d scope was removed", "%d scopes were removed", removed) % removed
        stayed = ngettext("%d was kept", "%d were kept", kept) % kept
        self.say(messages.SUCCESS, f"{said}, {stayed}.")
        return self.go("clean", self.alias)

    def _stop(self, run: Run) -> HttpResponseBase:
        removed = 0 if run.dry_run else CleanLog(run.log).counts[0]
        said = ngettext("Stopped. %d scope was removed.", "Stopped. %d scopes were removed.", removed) % removed
        self.say(messages.WARNING, said)
        return self.go("clean", self.alias)

    def _page(self, form: Form, **extra: Any) -> HttpResponseBase:
        ruled: dict[str, Any] = {"rules": self._concerning(), "is_ruled": bool(self.site_rules)}
        return self.page(title=_("Clean %s") % self.alias, form=form, **ruled, **extra)

    @cached_property
    def site_rules(self) -> list[Rule]:
        """The site's rules, for this request and for all stores."""
        return configured_rules()

    def _concerning(self) -> list[Rule]:
        """Return those for this store."""
        return [rule for rule in self.site_rules if cleaning.concerns(rule, self.alias)]


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

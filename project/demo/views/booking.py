"""Booking a table in three steps. Until it is confirmed, all of it is state of the visit."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views import View
from django.views.decorators.http import require_POST

from project.demo import booking
from statestore import ContextMixin


class Step(ContextMixin, View):
    """One step: going on needs it right, going back does not; either way nothing typed is lost."""

    def dispatch(self, request, step="table"):
        if step not in booking.STEPS:
            raise Http404
        self.draft = booking.Draft(self.state.session)
        return super().dispatch(request, step)

    def get(self, request, step):
        return self._show(step, self.draft.form(step))

    def post(self, request, step):
        form = self.draft.keep(step, request.POST)
        if "back" in request.POST:
            return redirect("booking", booking.before(step) or step)
        if not form.is_valid():
            return self._show(step, form)
        following = booking.after(step)
        return redirect("booking", following) if following else redirect("booking-review")

    def _show(self, step, form):
        place = list(booking.STEPS).index(step) + 1
        context = {"form": form, "step": step, "place": place, "steps": booking.STEPS, "back": booking.before(step)}
        return render(self.request, "demo/booking/step.html", context)


def review(request):
    """Show all that was typed, to confirm it; the first step that is not right comes up again."""
    forms = booking.Draft(request.state.session).forms()
    if step := _wrong(forms):
        return redirect("booking", step)
    return render(request, "demo/booking/review.html", {"forms": forms})


@require_POST
def confirm(request):
    """Make the booking and drop its draft. Of two clicks only one finds the draft there."""
    draft = booking.Draft(request.state.session)
    if step := _wrong(draft.forms()):
        return redirect("booking", step)
    if draft.take():
        number = request.state.global_.increment("bookings")
        messages.success(request, f"Your table is booked. It is booking number {number}.")
    return redirect("home")


def _wrong(forms):
    return next((step for step, form in forms.items() if not form.is_valid()), None)

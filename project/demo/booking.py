"""The steps of booking a table, and the draft that a visit keeps until it is confirmed."""

from itertools import pairwise

from django import forms

KEY = "booking"


class StepForm(forms.Form):
    """One step."""

    title = ""

    def answers(self):
        """Return what was typed, by label, in the words of the form."""
        return {field.label: _in_words(field) for field in self}


def _in_words(field):
    return dict(getattr(field.field, "choices", ())).get(field.value(), field.value())


class TableForm(StepForm):
    """When, and for how many."""

    title = "Your table"
    day = forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    guests = forms.IntegerField(min_value=1, max_value=12, label="How many are you?")


class FoodForm(StepForm):
    """What to cook."""

    title = "Your dinner"
    menu = forms.ChoiceField(
        choices=[("sea", "From the sea"), ("field", "From the field"), ("cook", "As the cook likes")],
        widget=forms.RadioSelect,
        initial="cook",
    )
    wishes = forms.CharField(
        max_length=500,
        required=False,
        label="Anything we should know?",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class GuestForm(StepForm):
    """Who comes."""

    title = "Yourself"
    name = forms.CharField(max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "email"}))


STEPS = {"table": TableForm, "food": FoodForm, "guest": GuestForm}


class Draft:
    """What the visitor has typed so far: one value, a part of it for each step."""

    def __init__(self, scope):
        self._scope = scope

    def form(self, step):
        """Return the step's form as it was left; empty when it was never shown before."""
        typed = self._scope.get(KEY, at=f"/{step}")
        return STEPS[step](initial=typed) if typed else STEPS[step]()

    def keep(self, step, data):
        """Keep what was typed, be it right or not; return the form that judges it."""
        form = STEPS[step](data)
        self._scope.set(KEY, {name: data.get(name, "")[:2000] for name in form.fields}, at=f"/{step}")
        return form

    def forms(self):
        """Return every step's form, filled in and judged."""
        typed = self._scope.get(KEY, {})
        return {step: form(typed.get(step, {})) for step, form in STEPS.items()}

    def take(self):
        """Remove the draft and return it; None when there is none, or somebody was quicker."""
        return self._scope.pop(KEY, None)


def before(step):
    """Return the step before this one, or None."""
    return {later: earlier for earlier, later in pairwise(STEPS)}.get(step)


def after(step):
    """Return the step after this one, or None."""
    return dict(pairwise(STEPS)).get(step)

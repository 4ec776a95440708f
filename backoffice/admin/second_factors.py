"""People's second factors in the admin: who has one, and taking a lost one away.

Secrets are not shown; setting one up is a page of its person alone.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from backoffice import second_factors
from backoffice.admin.asking import Question, SureForm, ask, row_or_404
from backoffice.admin.doors import PrivateAdmin
from backoffice.admin.shown import address, column, mark, when
from backoffice.admin.unfolded import ActionVariant, action
from backoffice.models import SecondFactor


def _standing(row: SecondFactor) -> object:
    return mark("set", "good") if row.confirmed_at else mark("not confirmed", "warn")


@admin.register(SecondFactor)
class SecondFactorAdmin(PrivateAdmin):
    """One person's authenticator app; its secret is not shown."""

    list_display = (
        column("Person", "user__username", lambda row: row.user.get_username()),
        column("Standing", None, _standing),
        when("made_at", "Made"),
        when("confirmed_at", "Confirmed"),
        when("locked_until", "Locked until"),
    )
    search_fields = ("user__username",)
    ordering = ("user__username",)
    relations = ("user",)
    actions_detail = ("take_away",)
    fieldsets = (
        (
            "Second factor",
            {
                "fields": (
                    ("user", column("Standing", None, _standing)),
                    (when("made_at", "Made"), when("confirmed_at", "Confirmed")),
                    ("wrong", when("locked_until", "Locked until")),
                )
            },
        ),
    )

    @action(
        description="Take away",
        permissions=["administer"],
        url_path="take-away",
        icon="phonelink_erase",
        variant=ActionVariant.DANGER,
    )
    def take_away(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and let the person set up another one."""
        factor = row_or_404(SecondFactor.objects.select_related("user"), object_id)
        question = Question(
            title=f"Take away the {factor}",
            effect="Its codes are good for nothing any more; LIVE can't be asked for without one.",
            button="Take away",
            back=address(factor),
            is_grave=True,
            form=SureForm,
        )

        def on_yes(_form: object) -> HttpResponse:
            second_factors.forget(factor.user, by=request.user.get_username())
            messages.success(request, f"The {factor} is taken away.")
            return redirect(reverse("admin:backoffice_secondfactor_changelist"))

        return ask(self, request, question, on_yes)

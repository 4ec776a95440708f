"""Configuration in the admin: versions with their differences, new ones by form, activation.

A version is never edited; changing the configuration means making the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from backoffice.admin.asking import Question, ask, row_or_404
from backoffice.admin.config_diff import changes, diff_table, lines_of, told
from backoffice.admin.config_form import ConfigForm, written
from backoffice.admin.panels import Figure, Figures, Panel, Row, Table
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import EMPTY, address, column, list_address, mark, toward, when
from backoffice.admin.unfolded import ActionVariant, action
from trading import selectors
from trading.config import KIND as KIND
from trading.config import Config, document_of
from trading.models import Activation, ConfigVersion, Decision, Run, Signal
from trading.services import config_versions

_MOST_DIGITS = 18
_holds = Exists(Activation.objects.filter(version=OuterRef("pk"), active_until=None))


def _standing(row: Any) -> object:
    return mark("active", "good") if row.holds else EMPTY


@admin.register(ConfigVersion)
class ConfigVersionAdmin(RecordAdmin):
    """One version of the configuration."""

    list_display = (
        column("Version", "number", str),
        column("Holds now", "holds", _standing),
        "note",
        "author",
        when("created_at", "Made"),
        column("Runs", "run_count", lambda row: row.run_count),
        column("Hash", "sha256", lambda row: row.sha256[:12]),
    )
    list_filter = ("kind", "author")
    search_fields = ("note", "author", "sha256")
    date_hierarchy = "created_at"
    ordering = ("kind", "-number")
    change_form_template = "desk_admin/config_version.html"
    actions_detail = ("activate", "edit_as_new")
    fieldsets = (
        (
            "Version",
            {
                "fields": (
                    (column("Version", None, str), column("Holds now", None, _standing)),
                    ("note", "author", when("created_at", "Made")),
                    ("sha256",),
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConfigVersion]:
        """Add whether each version holds now, and how many runs it has seen."""
        rows: QuerySet[ConfigVersion] = super().get_queryset(request)
        return rows.annotate(holds=_holds, run_count=Count("runs", distinct=True))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let those who may configure make a version."""
        return self.has_configure_permission(request)

    def panels(self, request: HttpRequest, row: Any) -> Sequence[Panel]:
        """Return what was done under the version, its difference from another, its content."""
        used = Figures("Made under this version", _uses(row))
        return (used, _difference(request, row), _content(row))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **options: Any
    ) -> HttpResponse:
        """Add the versions one can compare with."""
        row = options.get("obj") or (args[3] if len(args) > 3 else None)
        if row is not None:
            others = ConfigVersion.objects.filter(kind=row.kind).exclude(pk=row.pk)
            context["others"] = others.only("kind", "number", "note")
            context["against"] = _compared_with(request, row)
        return super().render_change_form(request, context, *args, **options)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form pre-filled, the differences on preview, and store on save."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        base = _base(request)
        before = base.content if base else document_of(Config())
        form = ConfigForm(
            request.POST if request.method == "POST" else None,
            initial={"document": written(before)},
        )
        found = None
        if request.method == "POST" and form.is_valid():
            if "_store" in request.POST:
                return self._stored(request, form)
            found = diff_table("What would change", changes(before, form.cleaned_data["document"]))
        context = {
            **self.admin_site.each_context(request),
            "title": "New configuration version",
            "opts": self.opts,
            "form": form,
            "base": base,
            "panel": found,
        }
        return TemplateResponse(request, "desk_admin/config_form.html", context)

    def _stored(self, request: HttpRequest, form: ConfigForm) -> HttpResponse:
        document = form.cleaned_data["document"]
        known = set(ConfigVersion.objects.filter(kind=KIND).values_list("pk", flat=True))
        version = config_versions.store(
            kind=KIND,
            document=document,
            author=request.user.get_username(),
            note=form.cleaned_data["note"],
        )
        if version.pk in known:
            messages.warning(request, f"{version} has this content already; nothing was stored.")
        else:
            messages.success(request, f"{version} is stored. It does not hold until activated.")
        return redirect(address(version))

    @action(
        description="Activate",
        permissions=["configure"],
        url_path="activate",
        icon="task_alt",
        variant=ActionVariant.PRIMARY,
    )
    def activate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and let the version hold from now on."""
        version = row_or_404(ConfigVersion.objects.all(), object_id)
        held = selectors.active_config(version.kind)
        before = held.content if held else {}
        question = Question(
            title=f"Activate {version}",
            effect=f"{version} takes the place of {held or 'nothing'}, from now on. Runs that have "
            "begun keep the version they began with.",
            button=f"Activate {version}",
            back=address(version),
            panels=(diff_table("What changes", changes(before, version.content)),),
        )

        def on_yes(form: forms.Form) -> HttpResponse:
            config_versions.activate(
                version=version,
                author=request.user.get_username(),
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, f"{version} holds from now on.")
            return redirect(address(version))

        return ask(self, request, question, on_yes)

    @action(
        description="New version from this",
        permissions=["configure"],
        url_path="edit-as-new",
        icon="edit_document",
    )
    def edit_as_new(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open the form pre-filled with this version."""
        return redirect(f"{reverse('admin:trading_configversion_add')}?base={object_id}")


def _base(request: HttpRequest) -> ConfigVersion | None:
    """Return the version the form begins with: the one asked for, else the one that holds."""
    asked = _asked_for(request, "base")
    if asked is not None:
        return get_object_or_404(ConfigVersion, pk=asked)
    return selectors.active_config(KIND)


def _asked_for(request: HttpRequest, name: str) -> int | None:
    """Return the row's number that the address tells; None for what can be none."""
    told = request.GET.get(name, "")
    return int(told) if told.isdecimal() and len(told) <= _MOST_DIGITS else None


def _uses(row: ConfigVersion) -> tuple[Figure, ...]:
    counted = (("Runs", Run), ("Signals", Signal), ("Decisions", Decision))
    return tuple(
        Figure(
            title,
            model._default_manager.filter(config_version=row).count(),
            url=list_address(
                model,
                config_version__id__exact=row.pk,
                **({} if model is Run else {"run": "all"}),
            ),
        )
        for title, model in counted
    )


def _compared_with(request: HttpRequest, row: ConfigVersion) -> ConfigVersion | None:
    """Return the version asked for, else the one that holds, else the one before."""
    others = ConfigVersion.objects.filter(kind=row.kind).exclude(pk=row.pk)
    asked = _asked_for(request, "against")
    if asked is not None:
        return others.filter(pk=asked).first()
    held = others.filter(activations__active_until=None, activations__isnull=False).first()
    return held or others.filter(number__lt=row.number).first()


def _difference(request: HttpRequest, row: ConfigVersion) -> Table:
    other = _compared_with(request, row)
    if other is None:
        return Table("Differences", (), (), empty="There is no other version to compare with.")
    return diff_table(f"From {other} to {row}", changes(other.content, row.content))


def _content(row: ConfigVersion) -> Table:
    """Return the content by key; what differs from the built-in defaults stands out."""
    defaults = lines_of(document_of(Config()))
    rows = tuple(
        Row(
            (key, told(value), told(defaults[key]) if key in defaults else EMPTY),
            "" if defaults.get(key, value) == value else "warn",
        )
        for key, value in lines_of(row.content).items()
    )
    return Table("Content", ("Key", "Value", "Built-in default"), rows, note=f"{len(rows)} keys")


@admin.register(Activation)
class ActivationAdmin(RecordAdmin):
    """A span in which one version held."""

    list_display = (
        when("active_from", "From"),
        toward("version"),
        column(
            "Until",
            "active_until",
            lambda row: when("active_until")(row) if row.active_until else mark("holds", "good"),
        ),
        column("Note", None, lambda row: row.version.note),
        "author",
    )
    list_display_links = None
    list_filter = ("kind", "author")
    search_fields = ("author", "version__note")
    date_hierarchy = "active_from"
    ordering = ("-active_from", "-id")
    relations = ("version",)

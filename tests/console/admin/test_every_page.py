"""Every table stands on the console, opens, and is as read-only as it promises."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin as django_admin
from django.db.models import Model
from django.test import Client

from backoffice.admin.filters import RunFilter
from backoffice.admin.record import RecordAdmin
from backoffice.admin.shown import address, list_address
from trading.models import AuditEntry, Report, Run

ROOMS = ("trading", "backoffice", "django_celery_beat")
NOT_SHOWN = {"PeriodicTasks"}
SHOWN = [model for room in ROOMS for model in apps.get_app_config(room).get_models()]
SHOWN = [model for model in SHOWN if model.__name__ not in NOT_SHOWN]
RECORDS = [
    model for model in SHOWN if isinstance(django_admin.site.get_model_admin(model), RecordAdmin)
]
NAMES = {"argvalues": SHOWN, "ids": lambda model: model.__name__}
RECORD_NAMES = {"argvalues": RECORDS, "ids": lambda model: model.__name__}


def every_row(model: type[Model]) -> str:
    filters = django_admin.site.get_model_admin(model).list_filter
    by_run = any(isinstance(each, type) and issubclass(each, RunFilter) for each in filters)
    return list_address(model, run="all") if by_run else list_address(model)


@pytest.mark.parametrize("model", **NAMES)
def test_a_table_is_on_the_console(model):
    assert django_admin.site.is_registered(model)


@pytest.mark.parametrize("model", **NAMES)
def test_a_list_and_its_rows_open(model, every_table: Run, admin: Client):
    rows = list(model._default_manager.all()[:3])

    listed = admin.get(every_row(model))
    pages = [admin.get(address(row)) for row in rows]

    assert listed.status_code == 200
    assert listed.context_data["cl"].result_count > 0
    assert rows
    assert [page.status_code for page in pages] == [200] * len(pages)


@pytest.mark.parametrize("model", **RECORD_NAMES)
def test_a_record_cannot_be_changed_or_removed(model, every_table: Run, admin: Client):
    row = model._default_manager.order_by("pk").last()
    entries = AuditEntry.objects.count()

    answers = [
        admin.post(address(row), {"_save": "1"}),
        admin.post(f"{address(row).removesuffix('change/')}delete/", {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert model._default_manager.filter(pk=row.pk).exists()
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize("model", [model for model in RECORDS if model.__name__ != "ConfigVersion"])
def test_a_record_cannot_be_added(model, db, admin: Client):
    place = f"{list_address(model)}add/"

    assert [admin.get(place).status_code, admin.post(place).status_code] == [403, 403]


@pytest.mark.parametrize("model", **RECORD_NAMES)
def test_a_list_can_be_searched(model, every_table: Run, admin: Client):
    assert admin.get(list_address(model, q="NIFTY")).status_code == 200


def test_the_first_page_opens_without_a_run(db, admin: Client):
    assert "No session has run" in admin.get("/admin/").content.decode()


def test_the_first_page_shows_the_day(run: Run, admin: Client):
    page = admin.get("/admin/").content.decode()

    assert run.code in page
    assert "correlated" in page or "heat" in page
    assert "10,01,461.33" in page


def test_nobody_without_a_role_gets_in(db, django_user_model, client: Client):
    stranger = django_user_model.objects.create_user("stranger", password="x", is_staff=True)
    client.force_login(stranger)

    answer = client.get("/admin/")

    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_a_report_is_told_by_key_and_its_entries_as_a_table(every_table: Run, viewer: Client):
    content, checks = viewer.get(address(Report.objects.get())).context_data["panels"]

    assert [row.cells for row in content.rows] == [("fresh.bans", "no")]
    assert (checks.title, checks.headers) == ("checks", ("age", "name"))
    assert [row.cells for row in checks.rows] == [("2", "bans")]

"""What every way to run has in common; nothing here depends on the environment, but that an engine
loads fewer applications.

Addresses, keys and hosts are set in `local.py`, `test.py` and `production.py`.
"""

from __future__ import annotations

from pathlib import Path

from aitrapp import env, lean
from aitrapp.settings.admin import *  # noqa: F403
from aitrapp.settings.api import *  # noqa: F403

PROJECT_ROOT: Path = env.ROOT

_NEEDED_BY_ALL = ["django.contrib.auth", "django.contrib.contenttypes", "channels", "trading"]
_CONSOLE = [
    "unfold.apps.BasicAppConfig",
    "backoffice.admin_app.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "csp",
    "django_celery_beat",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "trading",
    "backoffice",
]
INSTALLED_APPS = _NEEDED_BY_ALL if lean.is_engine() else _CONSOLE

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "backoffice.pages.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

ROOT_URLCONF = "aitrapp.urls"
ASGI_APPLICATION = "aitrapp.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-in"
USE_TZ = True
TIME_ZONE = "Asia/Kolkata"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # What a killed worker had fetched waits for an hour.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 180_000  # KiB: after a day's verification a new child goes on.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
TASK_APP = "aitrapp.celery.app"
TIMETABLE = "aitrapp.schedule.TIMETABLE"

"""How the console's doors are set: the API, its tokens, lock-out and description.

What a request may do is said in `backoffice/permissions.py`, how often in `backoffice/api/pace.py`.
"""

from __future__ import annotations

from datetime import timedelta

from aitrapp import env

METRICS_NETWORKS: list[str] = []
"""Networks that may read the figures without a key."""

BARS_FOLDER = env.ROOT / "var" / "bars"
"""Folders of bars that backtests may be asked for, each by its name."""
BACKTESTS_FOLDER = env.ROOT / "var" / "backtests"
"""Where the results of backtests are kept, one folder a job."""

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "backoffice.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "backoffice.api.errors.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "backoffice.api.authentication.TokenAuthentication",
        "backoffice.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["backoffice.api.access.MayDo"],
    "DEFAULT_PARSER_CLASSES": ["backoffice.api.parsing.CleanJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "backoffice.api.parsing.AlwaysFirst",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_FILTER_BACKENDS": ["backoffice.api.filtering.StrictFilters"],
    "DEFAULT_PAGINATION_CLASS": "backoffice.api.paging.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["backoffice.api.pace.Turns"],
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "backoffice.api.errors.answer",
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ISSUER": "aitrapp",
    "CHECK_REVOKE_TOKEN": True,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "AITRAPP",
    "DESCRIPTION": (
        "The trading desk's control plane. Money of records is told in rupees as decimal text, that"
        " of the live state (`state`, `risk`, `live`, chains) as numbers; moments as"
        " ISO 8601 with their zone. A control is answered 202 with a command; the engine carries"
        ' it out. Every error has one form: `{"error": {"code", "message", "fields"?}}`.'
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["backoffice.api.access.MayDo"],
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "OrderState": "backoffice.api.schema.ORDER_STATES",
        "PlanState": "backoffice.api.schema.PLAN_STATES",
        "CommandState": "backoffice.api.schema.COMMAND_STATES",
        "JobState": "backoffice.api.schema.JOB_STATES",
        "RunState": "backoffice.api.schema.RUN_STATES",
        "DeskMode": "trading.services.mode.Mode",
        "RunMode": "backoffice.api.schema.RUN_MODES",
    },
}

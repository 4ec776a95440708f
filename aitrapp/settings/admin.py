"""How the admin's theme is set; what the admin shows is the business of `backoffice/admin`."""

from __future__ import annotations

UNFOLD = {
    "SITE_TITLE": "AITRAPP",
    "SITE_HEADER": "AITRAPP",
    "SITE_SUBHEADER": "Desk records, times in IST",
    "SITE_SYMBOL": "candlestick_chart",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "backoffice.admin_site.icon"}
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "ENVIRONMENT": "backoffice.admin.present.environment",
    "STYLES": ["backoffice.admin_site.stylesheet"],
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "COMMAND": {
        "search_models": [
            "trading.Order",
            "trading.Position",
            "trading.Plan",
            "trading.Decision",
            "trading.Signal",
            "trading.Run",
        ],
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": "backoffice.admin.navigation.sidebar",
    },
}

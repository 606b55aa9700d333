"""Django's settings for the embedded host: no database, one signed cookie, loopback only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seahub_patch.host import Host

from .keys import Keys

_HERE = Path(__file__).parent
_PACKAGE = "seafevents_offline.hosts.web"

LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("ru", "Русский"),
    ("zh-cn", "简体中文"),
]


def configuration(host: Host, keys: Keys, port: int) -> dict[str, Any]:
    """What ``settings.configure`` takes."""
    return {
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"],
        "APPEND_SLASH": False,
        "CSRF_COOKIE_NAME": "sfcsrftoken",
        "CSRF_FAILURE_VIEW": f"{_PACKAGE}.replies.csrf_failure",
        "INSTALLED_APPS": ["seahub_patch"],
        "LANGUAGES": LANGUAGES,
        "LOCALE_PATHS": [str(_HERE / "locale")],
        # Ours is set by whoever runs the process; Django's would make a handler of its own.
        "LOGGING_CONFIG": None,
        "MIDDLEWARE": [
            f"{_PACKAGE}.headers.Headers",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.locale.LocaleMiddleware",
            # For the length of every answer: without it no connection is used twice.
            "django.middleware.common.CommonMiddleware",
            f"{_PACKAGE}.sign_in.SignIn",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
        "OFFLINE_DOWNLOAD_HOST": host,
        "OFFLINE_DOWNLOAD_TOKEN": keys.token,
        "REST_FRAMEWORK": {"UNAUTHENTICATED_USER": None},
        "ROOT_URLCONF": f"{_PACKAGE}.urls",
        "SECRET_KEY": keys.signing,
        "SESSION_COOKIE_AGE": 365 * 86400,
        # Cookies do not know ports: two hosts on one machine would take each other's.
        "SESSION_COOKIE_NAME": f"offline_download_{port}",
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
        "TEMPLATES": [_templates()],
        "TIME_ZONE": "UTC",
        "USE_TZ": True,
    }


def _templates() -> dict[str, Any]:
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(_HERE / "templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                f"{_PACKAGE}.context.host",
            ]
        },
    }

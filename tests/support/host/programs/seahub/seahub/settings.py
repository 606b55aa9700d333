"""Defaults, over which the administrator's file comes. Executed in Seahub and in the daemon."""

import os
import re
import sys
import traceback

from seahub.version import VERSION

_HERE = os.path.dirname(os.path.abspath(__file__))
_TOP = os.path.join(_HERE, "..", "..", "..")

SECRET_KEY = "a default"
DEBUG = False
ALLOWED_HOSTS = ["*"]
TIME_ZONE = "UTC"
USE_TZ = False
SITE_ROOT = "/"
SITE_ROOT_URLCONF = "seahub.urls"
ROOT_URLCONF = "seahub.utils.rooturl"
SERVICE_URL = ""
FILE_SERVER_ROOT = ""
ENABLE_SUDO_MODE = False
LANGUAGES = (("en", "English"), ("de", "Deutsch"))
INSTALLED_APPS = ["django.contrib.contenttypes", "rest_framework", "seahub.base"]
MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", "seahub.people.Middleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [], "APP_DIRS": True}]
REST_FRAMEWORK = {"UNAUTHENTICATED_USER": None}
DATABASES = {"default": {}}
LOG_DIR = os.environ.get("SEAHUB_LOG_DIR", "")

EVENTS_CONFIG_FILE = os.environ.get("EVENTS_CONFIG_FILE", os.path.join(_TOP, "conf", "seafevents.conf"))
if not os.path.exists(EVENTS_CONFIG_FILE):
    del EVENTS_CONFIG_FILE


def load_local_settings(module):
    """Names that begin with EXTRA_ are added to ours, all others in capital letters stand in their place."""
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("EXTRA_"):
            name = name.removeprefix("EXTRA_")  # noqa: PLW2901
            globals()[name] = globals()[name] + value if name in globals() else value
        elif re.match("[A-Z]", name):
            globals()[name] = value


_conf = os.environ.get("SEAFILE_CENTRAL_CONF_DIR", "")
try:
    if os.path.exists(_conf):
        sys.path.insert(0, _conf)
    import seahub_settings
except ImportError:
    # The whole file is as if it were not there.
    pass
except Exception:
    # Up to 12 neither Seahub nor the daemon starts.
    if VERSION < 13:
        raise
    with open(os.path.join(LOG_DIR, "seahub.log"), "a", encoding="utf-8") as _log:
        _log.write(f"seahub_settings.py load: {traceback.format_exc()}\n")
else:
    load_local_settings(seahub_settings)
    del seahub_settings

# Whatever stands there: the settings file must have left its own folder in the first place.
sys.path.pop(0)

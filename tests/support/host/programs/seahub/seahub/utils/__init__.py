"""Makes the session class of the daemon's tables while it is imported, as Seahub does; it connects to nothing."""

import configparser

from django.conf import settings

from seahub.version import VERSION

EVENTS_CONFIG_FILE = getattr(settings, "EVENTS_CONFIG_FILE", None)
if EVENTS_CONFIG_FILE:
    from seafevents import seafevents_api

    _config = configparser.ConfigParser()
    _config.read(EVENTS_CONFIG_FILE)
    SeafEventsSession = seafevents_api.init_db_session_class(*([] if VERSION >= 13 else [_config]))


if VERSION >= 12:

    def send_user_login_msg(username, timestamp, org_id):
        """That it is there says that messages are JSON."""


def get_service_url():
    return settings.SERVICE_URL


def get_fileserver_root():
    return settings.FILE_SERVER_ROOT

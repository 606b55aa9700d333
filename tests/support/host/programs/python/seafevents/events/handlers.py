"""Imports the configuration, and so executes Seahub's settings: in 11 this is the first to do so, which is why
``seafevents.app.app`` and ``seafevents.app.mq_handler`` are half imported at that moment."""

from seafevents.app.config import TIME_ZONE


def RepoUpdateEventHandler(config, session, msg):
    """Activities of libraries in the zone of ``TIME_ZONE``; not part of this stand-in."""


def register_handlers(handlers, enable_audit):
    assert TIME_ZONE
    handlers.add_handler("seaf_server.event:repo-update", RepoUpdateEventHandler)

"""Messages: a thread a channel asks seaf-server for them and calls what was registered for their type."""

import inspect
import json
import logging
import time
from contextlib import closing
from threading import Thread

from seaserv import seafile_api

import seafevents.events.handlers as events_handlers
import seafevents.statistics.handlers as stats_handlers
from seafevents.db import init_db_session_class
from seafevents.version import VERSION

logger = logging.getLogger(__name__)


class MessageHandler:
    def __init__(self):
        self._handlers = {}

    def add_handler(self, msg_type, func):
        functions = self._handlers.setdefault(msg_type, [])
        if func not in functions:
            functions.append(func)

    def handle_message(self, config, session, redis_connection, channel, msg):
        kind = _kind_of(msg)
        if kind is None:
            logger.warning("invalid message format: %s", msg)
            return
        for function in self._handlers.get(f"{channel}:{kind}", ()):
            try:
                # The name, which a function has and an instance has not by itself.
                needs_redis = function.__name__ in ("RepoUpdatePublishHandler", "RepoMetadataUpdateHandler")
                function(config, redis_connection if needs_redis else session, msg)
            except Exception as error:
                logger.exception("error when handle msg: %s", error)

    def get_channels(self):
        return {msg_type.partition(":")[0] for msg_type in self._handlers}


message_handler = MessageHandler()


def init_message_handlers(config):
    events_handlers.register_handlers(message_handler, False)
    stats_handlers.register_handlers(message_handler)


class EventsHandler:
    def __init__(self, config):
        self._config = config
        needs_config = "config" in inspect.signature(init_db_session_class).parameters
        self._db_session_class = init_db_session_class(*[config][:needs_config])

    def handle_event(self, channel):
        # One session for all messages of the channel.
        session = self._db_session_class()
        while True:
            time.sleep(self._look(channel, session))

    def _look(self, channel, session):
        """Seconds until the next look."""
        try:
            msg = seafile_api.pop_event(channel)
        except Exception as error:
            logger.error("Failed to get event: %s", error)
            return 3
        if not msg:
            return 0.5
        with closing(session):
            self._tell(channel, session, msg)
        return 0

    def _tell(self, channel, session, msg):
        try:
            message_handler.handle_message(self._config, session, None, channel, msg)
        except Exception as error:
            logger.error(error)

    def start(self):
        # Once: a channel that nobody asked for by now is never asked.
        channels = message_handler.get_channels()
        logger.info("Subscribe to channels: %s", sorted(channels))
        for channel in channels:
            Thread(target=self.handle_event, args=(channel,)).start()


def _kind_of(msg):
    if VERSION >= 12:
        try:
            return json.loads(msg["content"]).get("msg_type") or ""
        except ValueError:
            return None
    kind, tab, _ = msg["content"].partition("\t")
    return kind if tab else None

"""The registry of tasks. ``serve_forever`` starts them and returns."""

from seafevents.app.mq_handler import EventsHandler, init_message_handlers
from seafevents.tasks import CountTrafficInfo, CountUserActivity, FileUpdatesSender
from seafevents.version import VERSION

if VERSION == 12:
    # The HTTP server of 12 brings it with it; gevent needs it, and nobody can import it once main() has returned.
    import concurrent.futures.thread  # noqa: F401


class App:
    """What a task needs of the configuration it takes in its own constructor: nothing of it is kept here."""

    if VERSION >= 12:

        def __init__(self, config, seafile_config, foreground_tasks_enabled=True, background_tasks_enabled=True):
            self._make(config, foreground_tasks_enabled, background_tasks_enabled)

    else:

        def __init__(
            self, config, ccnet_config, seafile_config, foreground_tasks_enabled=True, background_tasks_enabled=True
        ):
            self._make(config, foreground_tasks_enabled, background_tasks_enabled)

    def _make(self, config, foreground, background):
        self._fg_tasks_enabled = foreground
        self._bg_tasks_enabled = background
        if foreground:
            init_message_handlers(config)
            self._events_handler = EventsHandler(config)
            self._count_traffic_task = CountTrafficInfo(config)
            self._update_login_record_task = CountUserActivity(config)
        if background:
            self._file_updates_sender = FileUpdatesSender()

    def serve_forever(self):
        if self._fg_tasks_enabled:
            self._events_handler.start()
            self._update_login_record_task.start()
            self._count_traffic_task.start()
        if self._bg_tasks_enabled:
            self._file_updates_sender.start()

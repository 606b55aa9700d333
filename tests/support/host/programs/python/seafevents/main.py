"""The daemon. The order of these imports is the host's, and matters: it decides when the settings are executed."""

import argparse
import os

from seafevents.db import create_db_tables
from seafevents.utils import write_pidfile
from seafevents.app.log import LogConfigurator
from seafevents.app.app import App
from seafevents.app.config import get_config, is_cluster_enabled
from seafevents.version import VERSION


def main(background_tasks_only=False):
    parser = argparse.ArgumentParser()
    parser.add_argument("--config-file")
    parser.add_argument("--logfile")
    parser.add_argument("--loglevel", default="info")
    parser.add_argument("-P", "--pidfile")
    args = parser.parse_args()
    if args.logfile:
        os.environ["SEAFEVENTS_LOG_DIR"] = os.path.dirname(os.path.realpath(args.logfile))
    if args.pidfile:
        write_pidfile(args.pidfile)
    conf = os.environ["SEAFILE_CENTRAL_CONF_DIR"]
    os.environ["EVENTS_CONFIG_FILE"] = os.path.expanduser(args.config_file)
    os.environ["DJANGO_SETTINGS_MODULE"] = "seahub.settings"

    seafile_config = get_config(os.path.join(conf, "seafile.conf"))
    config = get_config(args.config_file)
    if VERSION >= 13:
        create_db_tables()
    else:
        create_db_tables(config)
    to_stdout = VERSION >= 12 and os.environ.get("SEAFILE_LOG_TO_STDOUT") == "true"
    LogConfigurator(args.loglevel, None if to_stdout else args.logfile)
    make_app(config, seafile_config, conf, background_tasks_only).serve_forever()


def make_app(config, seafile_config, conf, background_tasks_only):
    foreground = not background_tasks_only
    background = background_tasks_only or not is_cluster_enabled(seafile_config)
    if VERSION == 12:
        from gevent import monkey

        monkey.patch_all()
    if VERSION >= 13:
        from seafevents.app.signal_handler import set_signal

        set_signal()
    configs = [config, seafile_config]
    if VERSION < 12:
        configs.insert(1, get_config(os.path.join(conf, "ccnet.conf")))
    return App(*configs, foreground_tasks_enabled=foreground, background_tasks_enabled=background)


def run_background_tasks():
    main(background_tasks_only=True)


if __name__ == "__main__":
    main()

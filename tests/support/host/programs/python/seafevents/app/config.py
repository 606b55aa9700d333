"""Executes Seahub's settings, and so the administrator's, while it is imported itself (11 to 14)."""

import configparser
import os
import sys

from seafevents.version import VERSION

SEAHUB_DIR = os.environ["SEAHUB_DIR"]
sys.path.insert(0, SEAHUB_DIR)

import seahub.settings as seahub_settings  # noqa: E402

TIME_ZONE = getattr(seahub_settings, "TIME_ZONE", "UTC")

if VERSION >= 13:
    MYSQL_DB_HOST = os.environ.get("SEAFILE_MYSQL_DB_HOST", "db")
    MYSQL_DB_PORT = int(os.environ.get("SEAFILE_MYSQL_DB_PORT", "3306"))
    MYSQL_DB_USER = os.environ.get("SEAFILE_MYSQL_DB_USER", "root")
    MYSQL_DB_PWD = os.environ.get("SEAFILE_MYSQL_DB_PASSWORD", "")
    MYSQL_SEAHUB_DB_NAME = os.environ.get("SEAFILE_MYSQL_DB_SEAHUB_DB_NAME", "seahub_db")


def get_config(config_file):
    """With interpolation; comments behind values are taken away since 13 only."""
    prefixes = ("#", ";") if VERSION >= 13 else None
    config = configparser.ConfigParser(inline_comment_prefixes=prefixes)
    config.read(config_file)
    return config


def is_cluster_enabled(seafile_config):
    if VERSION >= 12 and os.environ.get("CLUSTER_SERVER") == "true":
        return True
    return seafile_config.getboolean("cluster", "enabled", fallback=False)

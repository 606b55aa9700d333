"""The host's own handler on the channel that is ours as well."""

import json
import logging

from seafevents.db import HostLogin
from seafevents.version import VERSION


def UserLoginEventHandler(config, session, msg):
    name = json.loads(msg["content"])["user_name"] if VERSION >= 12 else msg["content"].split("\t")[1]
    session.add(HostLogin(name=name))
    session.commit()
    logging.info("host: %s has signed in", name)


def register_handlers(handlers):
    handlers.add_handler("seahub.stats:user-login", UserLoginEventHandler)

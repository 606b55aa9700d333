"""The engine aria2: a private aria2c child, driven by RPC.

engine.py     the port's verbs           callers' threads
book.py       what is wanted and known   shared by both sides, the only lock
monitor.py    rounds of RPC              thread "offline-engine-monitor", the only one that talks to aria2c
notifications.py  what aria2c tells      thread "offline-engine-notifications"
process.py    the child and its files    binary.py, trust.py, options.py: what it is started with
rpc.py        one round of calls         faults.py, folder.py: what its answers and its files mean
"""

from .engine import Aria2Engine
from .orphan import end_old_engine

__all__ = ["Aria2Engine", "end_old_engine"]

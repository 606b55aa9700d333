"""Under gevent, as in host 12: while a file is looked at, everybody else's greenlets go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.rights import PYTHON

SCRIPT = """
from gevent import monkey
monkey.patch_all()
import os, sys, threading, time
from seafevents_offline.sniffer import Sniffer

looked_at = threading.Event()
def go_on():
    looked_at.wait()
    for _ in range(10):
        time.sleep(0.01)
    with open(sys.argv[1], "ab") as file:
        file.write(b"y")

threading.Thread(target=go_on, daemon=True).start()
found = []
def ask():
    fd = os.open(sys.argv[1], os.O_RDONLY)
    found.append(Sniffer().kind(fd, looked_at.set))

asking = [threading.Thread(target=ask) for _ in range(3)]
for thread in asking:
    thread.start()
for thread in asking:
    thread.join()
print(*found)
"""


def test_a_judge_that_takes_its_time_holds_up_nobody(tmp_path: Path) -> None:
    """It takes until another greenlet, which has had its turn again and again meanwhile, has made the file longer."""
    judge, file = tmp_path / "bin" / "file", tmp_path / "a"
    judge.parent.mkdir()
    wait = "while os.fstat(0).st_size < 2:\n    time.sleep(0.01)\n"
    judge.write_text(f"#!{PYTHON} -IS\nimport os, time\n{wait}print('image/png')\n")
    judge.chmod(0o755)
    file.write_bytes(b"x")
    environment = {"PATH": f"{judge.parent}:/usr/bin:/bin"}
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (said.stdout, said.stderr) == ("image/png image/png image/png\n", "")

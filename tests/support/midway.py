"""The middle of everything, where faults are tried: one download is half done, one about to begin, others wait."""

from __future__ import annotations

from .accounts import Accounts
from .http_server import File, Gate, HttpServer


class Midway:
    """Links for the first service of the accounts, which has two workers; ``waiting`` of them wait for their turn.

    Makes the tasks and starts nothing: once something serves, ``reach`` it, break something, ``go_on``.
    """

    def __init__(self, accounts: Accounts, server: HttpServer, *, waiting: int = 3) -> None:
        gate = Gate()
        half, held = File(size=400_000, seed=0, stall_after=200_000), File(size=1000, seed=1, hold=gate)
        files = [half, held, *(File(size=1000, seed=number) for number in range(2, 2 + waiting))]
        self.odr_ids = [accounts.add(server.serve(f"/{number}", file), file) for number, file in enumerate(files)]
        self._gates = (half.stall, gate)
        self._service, self._server = accounts.services[0], server

    def reach(self) -> None:
        """Wait until it is as it says."""
        self._service.wait_for(self.odr_ids[0], lambda task: task.completed > 0)
        self._server.wait_for(lambda requests: any(request.path == "/1" for request in requests))

    def go_on(self) -> None:
        """The server sends the rest of both; wait until it has."""
        for gate in self._gates:
            gate.set()
        self._server.wait_for_active(0)

    def requests(self) -> list[int]:
        """How often each link was asked for, in their order."""
        paths = [request.path for request in self._server.requests]
        return [paths.count(f"/{number}") for number in range(len(self.odr_ids))]

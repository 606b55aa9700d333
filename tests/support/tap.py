"""Every attempt to connect that a network namespace makes, whether or not somebody answers."""

from __future__ import annotations

import ctypes
import ipaddress
import os
import select
import socket
import struct
import threading
from collections.abc import Iterator

#: Where an attempt led: the address as text, and the port.
Attempt = tuple[str, int]

ETH_P_ALL = 3

_PACKET_OUTGOING = 4  # what goes through lo is seen twice: as it leaves, as it arrives
_SO_ATTACH_FILTER = 26
_SOL_PACKET, _PACKET_STATISTICS = 263, 6

# Only TCP packets with SYN and without ACK, so that nothing is lost while much is downloaded: (code, if true skip, if
# false skip, operand), as in linux/filter.h. Offsets are from the IP header; nobody here uses IPv6 extension headers.
_ONLY_SYN = [
    (0x30, 0, 0, 0),  # the first byte: version and length
    (0x54, 0, 0, 0xF0),
    (0x15, 0, 5, 0x40),  # version 4, or see below
    (0x30, 0, 0, 9),  # protocol
    (0x15, 0, 9, socket.IPPROTO_TCP),
    (0xB1, 0, 0, 0),  # length of the header
    (0x50, 0, 0, 13),  # flags, behind it
    (0x05, 0, 0, 4),  # to the test of the flags
    (0x15, 0, 5, 0x60),  # version 6
    (0x30, 0, 0, 6),  # next header
    (0x15, 0, 3, socket.IPPROTO_TCP),
    (0x30, 0, 0, 40 + 13),  # flags
    (0x54, 0, 0, 0x12),
    (0x15, 1, 0, 0x02),  # SYN alone
    (0x06, 0, 0, 0),
    (0x06, 0, 0, 128),
]


class Tap:
    """``packets`` is a packet socket (``SOCK_DGRAM``) of the namespace. What was tried is there at once, and once,
    however often the kernel repeats itself."""

    def __init__(self, packets: socket.socket) -> None:
        self._packets = packets
        self._packets.setblocking(False)
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _ONLY_SYN))
        program = struct.pack("HxxxxxxQ", len(_ONLY_SYN), ctypes.addressof(code))
        self._packets.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
        for _ in self._packets_now():  # from before the filter
            pass
        self._lost = 0
        self._known: set[bytes] = set()
        self._seen: list[Attempt] = []
        # The kernel keeps some hundred only, so they are taken as they come.
        self._lock = threading.Lock()
        self._end = os.eventfd(0)
        self._thread = threading.Thread(target=self._take, name="tap", daemon=True)
        self._thread.start()

    def attempts(self) -> list[Attempt]:
        """All since the last ``forget()``, in their order."""
        with self._lock:
            self._note_all()
            assert self._lost == 0, f"{self._lost} attempts were overlooked"
            return list(self._seen)

    def forget(self) -> None:
        with self._lock:
            self._note_all()
            self._seen.clear()

    def close(self) -> None:
        os.eventfd_write(self._end, 1)
        self._thread.join(30)
        os.close(self._end)
        self._packets.close()

    def _take(self) -> None:
        while self._end not in select.select([self._packets, self._end], [], [])[0]:
            with self._lock:
                self._note_all()

    def _note_all(self) -> None:
        for packet, direction in self._packets_now():
            if direction == _PACKET_OUTGOING:
                self._note(packet)
        _, lost = struct.unpack("II", self._packets.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        self._lost += lost

    def _packets_now(self) -> Iterator[tuple[bytes, int]]:
        while True:
            try:
                packet, (_, _, direction, *_) = self._packets.recvfrom(128)
            except BlockingIOError:
                return
            yield packet, direction

    def _note(self, packet: bytes) -> None:
        if packet[0] >> 4 == 4:
            address, tcp = packet[16:20], packet[(packet[0] & 15) * 4 :]
        else:
            address, tcp = packet[24:40], packet[40:]
        # Ports and first number are the same in each repetition, and only there.
        if (attempt := address + tcp[:8]) not in self._known:
            self._known.add(attempt)
            self._seen.append((str(ipaddress.ip_address(address)), int.from_bytes(tcp[2:4], "big")))

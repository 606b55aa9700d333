"""The beginnings of files of some types, enough for libmagic to tell them apart."""

from __future__ import annotations

import struct

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 1, 1, 8, 2, 0, 0, 0) + b"\0" * 8
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
PSD = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 1, 1, 8, 3) + b"\0" * 16
PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in</title></head><body>Log in</body></html>\n"
TEXT = b"Nothing but words.\n"
EMPTY = b""

TYPES = {
    PNG: "image/png",
    PDF: "application/pdf",
    PSD: "image/vnd.adobe.photoshop",
    PAGE: "text/html",
    TEXT: "text/plain",
    EMPTY: "application/x-empty",
}

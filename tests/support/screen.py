"""What a person would see: a terminal of a few lines that understands what our displays write, and nothing else."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\x1b\[(\d*)([AKJ])|\r|\n|([^\x00-\x1f\x7f-\x9f]+)|(.)", re.DOTALL)


class Screen:
    """``feed`` it; ``lines`` are what stands there. It counts one column a character. Anything that it does not
    understand, such as a control character out of a file's name, is an error."""

    def __init__(self) -> None:
        self._lines = [""]
        self._row = self._column = 0

    @property
    def lines(self) -> list[str]:
        """From the top, without empty lines at the end."""
        return "\n".join(line.rstrip() for line in self._lines).rstrip("\n").split("\n")

    def feed(self, text: str) -> None:
        for match in _TOKEN.finditer(text):
            number, command, plain, unknown = match.groups()
            assert unknown is None, f"not for a terminal: {unknown!r}"
            if command is not None:
                self._obey(command, int(number or 1))
            elif plain is not None:
                self._write(plain)
            elif match[0] == "\r":
                self._column = 0
            else:
                self._next_line()

    def _obey(self, command: str, number: int) -> None:
        if command == "A":
            assert number <= self._row, "above the top"
            self._row -= number
        else:
            self._lines[self._row] = self._lines[self._row][: self._column]
            if command == "J":
                del self._lines[self._row + 1 :]

    def _write(self, text: str) -> None:
        line = self._lines[self._row].ljust(self._column)
        self._lines[self._row] = line[: self._column] + text + line[self._column + len(text) :]
        self._column += len(text)

    def _next_line(self) -> None:
        # As terminals do for programs: the line feed also goes to the first column.
        self._row, self._column = self._row + 1, 0
        if self._row == len(self._lines):
            self._lines.append("")

"""What is wrong with a piece of set-up: the text that a deployment shows for a component."""

from __future__ import annotations


class SetupError(Exception):
    """A component cannot be made, changed or removed.

    `code` is the status code that the Tooling API and `createMetadata` give with it,
    `line` and `column` (from 1, 0: unknown) say where in its file.
    """

    def __init__(
        self, problem: str, code: str = "FIELD_INTEGRITY_EXCEPTION", line: int = 0, column: int = 0
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.code = code
        self.line = line
        self.column = column

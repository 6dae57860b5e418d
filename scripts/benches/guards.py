"""Takes each guard out of a copy of the checkout and shows that a test notices.

Unmodified, the tests must be green; with a guard gone, at least one of its tests must fail. Exit
code 1 when a removal goes unnoticed or the copy is not green, 2 when the code that a removal edits
has moved, so that nothing is shown by accident.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST_FAILED = 1
"""Exit code of pytest when tests ran and some failed; other codes mean that it could not run."""


class MovedError(Exception):
    """The code that a removal edits is not where it was; the text says which."""


@dataclass(frozen=True)
class Removal:
    """A guard taken out: in `file`, the text `guard` becomes `without`. `noticed_by` are tests."""

    name: str
    what: str
    file: str
    guard: str
    without: str
    noticed_by: tuple[str, ...]

    def apply(self, root: Path) -> None:
        """Edit the copy; MovedError unless the guard stands there exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        found = text.count(self.guard)
        if found != 1:
            raise MovedError(f"{self.name}: {self.file} holds its text {found} times, not once")
        changed = text.replace(self.guard, self.without)
        ast.parse(changed)
        path.write_text(changed, encoding="utf-8")


_LAND = "tests/unit/sync/test_land.py"
_PUSH = "tests/unit/sync/test_push.py"
_CONTRACT = "tests/contract/test_salesforce.py::test_the_contract"

REMOVALS = (
    Removal(
        "overlap-asked",
        "pulls begin at the cursor instead of before it",
        "connector/mapping/feeds.py",
        "overlap_seconds=self.doc.overlap_seconds,",
        "overlap_seconds=0,",
        (f"{_LAND}::test_a_record_that_was_committed_late_is_found_behind_the_cursor",),
    ),
    Removal(
        "overlap-in-the-adapter",
        "the adapter reads from the cursor, whatever overlap it is asked for",
        "adapters/salesforce/selection.py",
        " - timedelta(seconds=request.overlap_seconds)",
        "",
        (f"{_CONTRACT}[rest-moving-late-commit]", f"{_CONTRACT}[rest-moving-overlap-ends]"),
    ),
    Removal(
        "count-check",
        "what arrived is not compared with what was counted",
        "connector/sync/land.py",
        "            self._check_count(page)\n",
        "",
        (f"{_LAND}::test_a_read_that_does_not_tie_is_red_and_the_cursor_stays",),
    ),
    Removal(
        "count-check-in-the-adapter",
        "the adapter takes a page with fewer records than counted for complete",
        "adapters/salesforce/pages.py",
        'return received != int(body["totalSize"])',
        "return False",
        (f"{_CONTRACT}[rest-pages-short]",),
    ),
    Removal(
        "read-back",
        "an acknowledged write is not read back",
        "connector/sync/push.py",
        "verify_acked(desk, sending.connection, sending.report)",
        "pass",
        (f"{_PUSH}::test_a_good_write_is_intended_sent_acknowledged_and_read_back",),
    ),
    Removal(
        "read-back-of-the-unknown",
        "a write whose answer was lost is sent again without looking",
        "connector/sync/batches.py",
        "return settle_unknown(desk, connection, batch, sending.report)",
        "return list(batch)",
        (_PUSH,),
    ),
    Removal(
        "fence",
        "a runner that lost its lease goes on writing",
        "connector/store/leases.py",
        "        if fence is not None:\n            _held(alias, fence)\n",
        "",
        (
            f"{_PUSH}::test_a_runner_that_lost_its_lease_sends_nothing",
            "tests/unit/store/test_leases.py",
        ),
    ),
)


def main(arguments: Sequence[str]) -> int:
    """Show every removal whose name begins with one of the arguments; see the module for codes."""
    chosen = [r for r in REMOVALS if not arguments or r.name.startswith(tuple(arguments))]
    if not chosen:
        print(f"No such guard; there are {', '.join(r.name for r in REMOVALS)}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="creditflag-guards-") as folder:
        try:
            return show(chosen, Path(folder))
        except MovedError as error:
            print(f"{error}. Bring this script up to date.", file=sys.stderr)
            return 2


def show(removals: Sequence[Removal], folder: Path, root: Path = ROOT) -> int:
    """Green as it is, red without each guard; the exit code."""
    whole = copy_checkout(root, folder / "whole")
    tests = dict.fromkeys(test for removal in removals for test in removal.noticed_by)
    code, told = run_tests(whole, list(tests))
    print(f"{'green' if code == 0 else 'RED'}: as it is: {told}", flush=True)
    unnoticed = [] if code == 0 else ["as it is"]
    for number, removal in enumerate(removals):
        copy = Path(shutil.copytree(whole, folder / str(number)))
        removal.apply(copy)
        code, told = run_tests(copy, removal.noticed_by)
        if code != TEST_FAILED:
            unnoticed.append(removal.name)
        colour = "red" if code == TEST_FAILED else f"NOT NOTICED ({code})"
        print(f"{colour}: without {removal.name} ({removal.what}): {told}", flush=True)
        shutil.rmtree(copy)
    if unnoticed:
        print(f"Not as it must be: {', '.join(unnoticed)}", file=sys.stderr)
    return 1 if unnoticed else 0


def copy_checkout(root: Path, target: Path) -> Path:
    """Every file of the checkout that is or may be committed."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in listing.split("\0"):
        if name and (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, target / name)
    return target


def run_tests(root: Path, tests: Sequence[str]) -> tuple[int, str]:
    """Exit code and last line of pytest in a copy, which comes first on the path there."""
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *tests],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = (answer.stdout.strip() or answer.stderr.strip()).splitlines()
    return answer.returncode, lines[-1] if lines else "no output"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

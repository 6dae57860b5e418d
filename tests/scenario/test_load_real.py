"""`scripts/load_real.py` on a made-up set in the form of a public one."""

from __future__ import annotations

import gzip
import os
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from scripts import load_real
from tests.scenario import oracle

HEADER = (
    "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,"
    "Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate"
)
AS_OF = date(2013, 3, 31)


def us(day: date) -> str:
    return f"{day.month}/{day.day}/{day.year}"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen customers, each later than the one before."""
    rng = random.Random(5)
    folder = tmp_path_factory.mktemp("data")
    lines = [HEADER]
    for customer in range(15):
        for number in range(24):
            issued = date(2012, 4, 1) + timedelta(days=15 * number + rng.randint(0, 10))
            due = issued + timedelta(days=30)
            settled = max(due + timedelta(days=customer * 5 - 10 + rng.randint(-3, 3)), issued)
            lines.append(
                f"1,C{customer:02d},1/1/2012,{customer:02d}{number:03d},{us(issued)},{us(due)},"
                f"{rng.randint(500, 99999) / 100},No,{us(settled)},Paper,"
                f"{(settled - issued).days},{max((settled - due).days, 0)}"
            )
    (folder / "ibm-late-payment").mkdir()
    with gzip.open(folder / "ibm-late-payment" / "invoices.csv.gz", "wt") as stream:
        stream.write("\n".join(lines) + "\n")
    return folder


@pytest.mark.slow
def test_the_main_job_runs_on_a_set_and_prints_its_figures(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["ibm-late-payment", "--as-of", AS_OF.isoformat(), "--data", str(data)]
    assert load_real.main(arguments) == 0
    said = capsys.readouterr().out
    figures = oracle.figures_by_currency(oracle.read_items(data, "ibm-late-payment"), AS_OF)["USD"]
    assert figures.overdue
    assert f"{figures.open:,.2f}" in said
    assert f"{figures.overdue:,.2f}" in said
    for amount in figures.buckets.values():
        assert f"{amount:,.2f}" in said
    assert "15 customers" in said
    assert "verified" in said
    calls = said.split("The emulator counted ")[1].split(" ")[0]
    assert int(calls) >= 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nonsense", "--as-of", "2013-01-31"], "There is no data set 'nonsense'."),
        (["highradius-b2b", "--as-of", "2013-01-31"], "is no folder"),
        (["ibm-late-payment", "--as-of", "31.1.2013"], "31.1.2013 is not a date."),
        (["ibm-late-payment", "--as-of", "1999-01-01"], "was issued by 1999-01-01"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    data: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_real.main([*arguments, "--data", str(data)]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.out == ""
    assert said.err.count("\n") == 1


def test_an_absent_data_folder_is_said_by_the_command_itself(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, load_real.__file__, "ibm-late-payment", "--as-of", "2013-01-31"],
        env={**os.environ, "CREDITFLAG_REAL_DATA": str(tmp_path / "nowhere")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 2
    assert "nowhere" in answer.stderr
    assert "--data or CREDITFLAG_REAL_DATA" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_folder_is_named_by_argument_then_environment_then_beside_the_checkout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDITFLAG_REAL_DATA", "from-environment")
    assert load_real.data_folder("given") == Path("given")
    assert load_real.data_folder(None) == Path("from-environment")
    monkeypatch.delenv("CREDITFLAG_REAL_DATA")
    assert load_real.data_folder(None) == load_real.ROOT.parent / "shared" / "data"

from __future__ import annotations

import string
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import EXIT_CONFIG, SettingsError
from connector.ports.manifest import OptionSpec
from connector.settings import (
    CONFIG_VARIABLE,
    MAX_BYTES,
    Settings,
    find_settings,
    load_settings,
    parse_settings,
)

CANARY = "canary-4f1d0b"
OPTIONS = (
    OptionSpec("url", "address of the server", required=True),
    OptionSpec("client_secret", "where the secret is kept", required=True, secret=True),
    OptionSpec("share", "part of the calls", default="0.2"),
)
WHERE = Path("creditflag.toml")
WHOLE = """
[company]
name = "Grün & Söhne 公司"
currency = "EUR"
language = "zh"
timezone = "Asia/Shanghai"
own_group = ["DE123456789"]

[scope]
order_months = 6
natural_persons = true

[policy]
file = "ours.yaml"

[state]
folder = "state"
database = "env:CREDITFLAG_DATABASE_URL"

[logs]
level = "debug"

[truth]
invoice = ["erp"]

[rates]
CNY = 0.128

[connections.crm]
adapter = "crm"
url = "https://crm.example"
client_secret = "keyring:creditflag/crm"
share = 0.1

[connections.erp]
adapter = "crm"
url = "https://erp.example"
client_secret = "file:/etc/creditflag/erp"
accounts = "crm"
currency = "CNY"
write = false
mapping = ["salesforce.yaml", "ours/extra.yaml"]
"""


def options_of(adapter: str) -> tuple[OptionSpec, ...]:
    if adapter != "crm":
        raise SettingsError(
            "There is no adapter {name}.", next_step="Known adapters: crm.", name=adapter
        )
    return OPTIONS


def read(text: str) -> Settings:
    return parse_settings(text, WHERE, options_of)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read(text)
    assert caught.value.exit_code == EXIT_CONFIG
    assert caught.value.where == str(WHERE)
    return caught.value.problems


def crm(more: str) -> str:
    return (
        '[connections.crm]\nadapter = "crm"\nurl = "https://crm.example"\n'
        f'client_secret = "env:SECRET"\n{more}\n'
    )


def test_a_whole_file_is_read() -> None:
    settings = read(WHOLE)
    assert settings.company.name == "Grün & Söhne 公司"
    assert settings.company.own_group == ("DE123456789",)
    assert settings.rates == {"CNY": Decimal("0.128")}
    assert settings.truth == {"invoice": ("erp",)}
    assert settings.connections["crm"].options == {
        "url": "https://crm.example",
        "client_secret": "keyring:creditflag/crm",
        "share": "0.1",
    }
    assert settings.connections["erp"].mapping == ("salesforce.yaml", "ours/extra.yaml")
    assert not settings.connections["erp"].write


def test_an_empty_file_has_careful_defaults() -> None:
    settings = read("")
    assert settings.connections == {}
    assert settings.company.currency == "CNY"
    assert settings.scope.order_months == 12
    assert not settings.scope.natural_persons
    assert settings.policy.file == "standard"


def test_relative_places_start_where_the_file_lies(tmp_path: Path) -> None:
    file = tmp_path / "there" / "creditflag.toml"
    file.parent.mkdir()
    file.write_text("[state]\nfolder = 'data'\n", encoding="utf-8")
    settings = load_settings(file, options_of)
    assert settings.folder == file.parent.resolve()
    assert settings.state_folder == (file.parent / "data").resolve()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colour = 'red'", "colour: unknown key"),
        ("folder = '/elsewhere'", "folder: unknown key"),
        ("[company]\nnaem = 'x'", "company.naem: unknown key"),
        ("[scope]\nmonths = 3", "scope.months: unknown key"),
        ("[policy]\nfiel = 'x'", "policy.fiel: unknown key"),
        ("[state]\nfolders = 'x'", "state.folders: unknown key"),
        ("[logs]\nlevels = 'x'", "logs.levels: unknown key"),
        (crm("retries = 3"), "connections.crm.retries: unknown key"),
        (crm("[connections.crm.more]\na = 1"), "connections.crm.more: unknown key"),
    ],
)
def test_an_unknown_key_is_refused_at_every_level(text: str, problem: str) -> None:
    assert problems(text) == (problem,)


@pytest.mark.parametrize(
    ("text", "where", "told"),
    [
        ("[company]\ncurrency = 'EURO'", "company.currency", "EURO is not an ISO 4217 currency"),
        ("[company]\ncurrency = 'eur'", "company.currency", "ISO 4217"),
        ("[company]\nlanguage = 'fr'", "company.language", "'en' or 'zh'"),
        ("[company]\ntimezone = 'Shanghai'", "company.timezone", "such as Asia/Shanghai"),
        ("[company]\ntimezone = 'Asia'", "company.timezone", "such as Asia/Shanghai"),
        ("[company]\ntimezone = '../../etc/passwd'", "company.timezone", "such as Asia/Shanghai"),
        ("[company]\nown_group = 'ACME'", "company.own_group", "list"),
        ("[scope]\norder_months = 0", "scope.order_months", "greater than or equal to 1"),
        ("[scope]\norder_months = 'many'", "scope.order_months", "valid integer"),
        ("[logs]\nlevel = 'loud'", "logs.level", "'debug'"),
        ("[engine]\nspark = 'http://x'\nspark_folder = 'x'", "engine.spark", "sc://host:15002"),
        ("[engine]\nspark = 'sc://x'", "engine", "go together"),
        ("[engine]\nspark_folder = 'x'", "engine", "go together"),
        ("[truth]\nweather = ['crm']\n" + crm(""), "truth.weather", "unknown kind of fact"),
        ("[truth]\ninvoice = ['erp']\n" + crm(""), "truth.invoice", "there is no connection erp"),
        ("[truth]\ninvoice = [['crm']]\n" + crm(""), "truth.invoice.0", "string"),
        ("[rates]\nEURO = 1", "rates.EURO", "not an ISO 4217 currency"),
        ("[rates]\nEUR = 'much'", "rates.EUR", "decimal"),
        ("[rates]\nEUR = 0", "rates.EUR", "greater than 0"),
        ("[rates]\nEUR = -7.8", "rates.EUR", "greater than 0"),
        ("[rates]\nEUR = nan", "rates.EUR", "finite"),
        ("[rates]\nEUR = 0.12345678901", "rates.EUR", "10 decimal places"),
        (crm("currency = 'Euro'"), "connections.crm.currency", "ISO 4217"),
        (crm("accounts = 'nowhere'"), "connections.crm.accounts", "no connection nowhere"),
        (crm("accounts = ['crm']"), "connections.crm.accounts", "string"),
        (crm("mapping = 'one.yaml'"), "connections.crm.mapping", "list"),
        (crm("write = 'perhaps'"), "connections.crm.write", "boolean"),
        (crm("share = 2024-01-01"), "connections.crm.share", "text, a number, true or false"),
        ("connections = 3", "connections", "dictionary"),
        ("[connections]\ncrm = 'crm'", "connections.crm", "dictionary"),
        ("[connections.crm]\nurl = 'x'", "connections.crm.adapter", "required"),
        ("[connections.crm]\nadapter = 7", "connections.crm.adapter", "string"),
        ("[connections.crm]\nadapter = 'hal'", "connections.crm.adapter", "no adapter hal"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(text: str, where: str, told: str) -> None:
    found = problems(text)
    assert [line for line in found if line.startswith(f"{where}: ") and told in line], found


@pytest.mark.parametrize("name", ["CRM", "1st", "the crm", "a/b", "x" * 40, "客户"])
def test_a_connection_name_is_plain_enough_for_a_file_name(name: str) -> None:
    text = f'[connections."{name}"]\nadapter = "crm"\nurl = "u"\nclient_secret = "env:S"\n'
    assert [p for p in problems(text) if p.startswith(f"connections.{name}: a name has")]


def test_all_problems_are_listed_at_once() -> None:
    text = """
    [company]
    currency = "EURO"
    colour = "red"
    [rates]
    EUR = -1
    [truth]
    invoice = ["erp"]
    [connections.crm]
    adapter = "crm"
    speed = 3
    [connections.other]
    adapter = "hal"
    """
    found = problems(text)
    for place in (
        "company.currency", "company.colour", "rates.EUR", "truth.invoice",
        "connections.crm.url", "connections.crm.client_secret", "connections.crm.speed",
        "connections.other.adapter",
    ):  # fmt: skip
        assert [line for line in found if line.startswith(f"{place}: ")], (place, found)
    with pytest.raises(SettingsError, match=f"have {len(found)} problem"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        f"[connections.crm]\nadapter = 'crm'\nurl = 'u'\nclient_secret = '{CANARY}'",
        f"[connections.crm]\nadapter = 'crm'\nurl = 'u'\nclient_secret = 'plain:{CANARY}'",
        f"[connections.crm]\nadapter = 'crm'\nurl = 'u'\nclient_secret = ['{CANARY}']",
        f"[state]\ndatabase = 'postgresql://me:{CANARY}@db/credit'",
        crm(f"clientsecret = '{CANARY}'"),
    ],
)
def test_a_secret_given_as_value_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(text)
    shown = " ".join([str(caught.value), repr(caught.value), *caught.value.problems])
    assert CANARY not in shown
    assert CANARY not in repr(caught.value.__context__ or "")


def test_a_missing_required_option_is_named_with_its_meaning() -> None:
    found = problems("[connections.crm]\nadapter = 'crm'\nclient_secret = 'env:S'")
    assert found == ("connections.crm.url: missing (address of the server)",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[company\nname = 1", "not valid TOML"),
        ("name = 'a'\nname = 'b'", "not valid TOML"),
        ("x = " + "9" * 5000, "number too long"),
        ("x = " + "[" * 5000 + "]" * 5000, "too deep"),
    ],
)
def test_what_is_no_toml_is_said_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        read(text)
    assert caught.value.next_step == "Correct that line."


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read("\ufeff[company]\nname = 'A'").company.name == "A"


def test_a_missing_file_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="creditflag init") as caught:
        load_settings(tmp_path / "none.toml", options_of)
    assert str(tmp_path / "none.toml") in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"# \xb9\xab\xcb\xbe\n"])
def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "creditflag.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(file, options_of)


def test_a_folder_and_a_giant_are_no_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, options_of)
    giant = tmp_path / "creditflag.toml"
    giant.write_text("#" * (MAX_BYTES + 1), encoding="utf-8")
    with pytest.raises(SettingsError, match="too large"):
        load_settings(giant, options_of)


def test_the_argument_goes_before_the_variable_and_that_before_the_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    assert find_settings(None) == Path("creditflag.toml")
    monkeypatch.setenv(CONFIG_VARIABLE, "variable.toml")
    assert find_settings(None) == Path("variable.toml")
    assert find_settings("argument.toml") == Path("argument.toml")


def read_or_refuse(text: str) -> Settings | SettingsError:
    """What comes of a text; anything else than these two is a bug."""
    try:
        return read(text)
    except SettingsError as error:
        return error


@given(
    st.text(alphabet=st.sampled_from("[]{}=\"'.,#\n _-+:" + string.ascii_lowercase + "019客\ufeff"))
)
def test_any_text_is_settings_or_a_sentence(text: str) -> None:
    outcome = read_or_refuse(text)
    assert isinstance(outcome, Settings) or outcome.next_step


SECTIONS = ["company", "scope", "policy", "state", "logs", "truth", "rates", "connections", "x"]
KEYS = ["name", "currency", "timezone", "order_months", "adapter", "accounts", "mapping", "url",
        "client_secret", "share", "write", "invoice", "EUR", "crm", "folder"]  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(
        ['"crm"', '"env:X"', '"EUR"', '"Asia"', '""', '"客户"', "1979-05-27", "07:32:00"]
    ),
    st.integers().map(str),
    st.booleans().map(lambda value: str(value).lower()),
    st.floats().map(lambda value: repr(value).replace("e+", "e")),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(
            lambda table: "{" + ", ".join(f"{k} = {v}" for k, v in table.items()) + "}"
        ),
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(SECTIONS),
        st.one_of(VALUES, st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)),
        max_size=4,
    )
)
def test_any_value_anywhere_is_settings_or_a_list_of_problems(
    content: dict[str, str | dict[str, str]],
) -> None:
    plain = [f"{key} = {value}" for key, value in content.items() if isinstance(value, str)]
    tables = [
        "\n".join([f"[{key}]", *(f"{name} = {value}" for name, value in table.items())])
        for key, table in content.items()
        if isinstance(table, dict)
    ]
    outcome = read_or_refuse("\n".join([*plain, *tables]))
    assert isinstance(outcome, Settings) or outcome.next_step


# -- the daemon ------------------------------------------------------------------------------------

DAEMON = """
[daemon]
tick_seconds = 2
stale_after_hours = 48
health_port = 0

[daemon.jobs.nightly]
when = "daily 02:30"
timezone = "America/New_York"
misfire = "run_all"

[daemon.jobs.look]
do = "pull"
connection = "crm"
when = "every 15m"
grace = "10m"
"""


def test_jobs_of_the_daemon_are_read() -> None:
    settings = parse_settings(WHOLE + DAEMON, WHERE, options_of)
    assert settings.daemon.jobs["nightly"].timezone == "America/New_York"
    assert settings.daemon.jobs["look"].do == "pull"
    assert settings.daemon.health_host == "127.0.0.1"


def test_without_a_word_about_jobs_the_main_job_runs_each_hour() -> None:
    (job,) = Settings().daemon.jobs.values()
    assert (job.do, job.when, job.connection) == ("run", "every 1h", "")


def test_all_problems_of_jobs_are_told_at_once() -> None:
    text = """
[daemon]
tick_seconds = 0
health_port = 70000
pace = 3
[daemon.jobs.One]
when = "every now and then"
[daemon.jobs.two]
when = "daily 25:00"
connection = "nowhere"
[daemon.jobs.three]
when = "cron 0 0 31 2 *"
timezone = "Europe/Atlantis"
grace = "soon"
do = "dance"
[daemon.jobs.four]
misfire = "pray"
"""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, WHERE, options_of)
    told = "\n".join(caught.value.problems)
    for part in (
        "daemon.tick_seconds", "daemon.health_port", "daemon.pace: unknown key",
        "daemon.jobs.One: a name has", "daemon.jobs.One.when", "daemon.jobs.two.when",
        "daemon.jobs.two.connection: there is no connection nowhere", "never comes",
        "Europe/Atlantis", "daemon.jobs.three.grace", "daemon.jobs.three.do",
        "daemon.jobs.four.when", "daemon.jobs.four.misfire",
    ):  # fmt: skip
        assert part in told, part

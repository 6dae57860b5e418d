from __future__ import annotations

from pathlib import Path

import pytest

from adapters.salesforce.manifest import MANIFEST
from adapters.salesforce.options import find_url_problem, read_options
from connector.errors import SettingsError
from connector.ports.manifest import Opening
from tests.adapters.salesforce.connections import make_opening


def opening(url: str = "https://acme.my.salesforce.com", **options: str) -> Opening:
    return make_opening(url, client_id="3MVG9", secret="x", options=options)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_options(
            opening(
                "http://acme.my.salesforce.com",
                client_id="",
                api_version="latest",
                ca_file="nowhere.pem",
                budget_share="nan",
            )
        )
    assert len(caught.value.problems) == 5
    told = "\n".join([str(caught.value), *caught.value.problems])
    for word in ("client_id", "https://", "api_version", "nowhere.pem", "budget_share", "acme"):
        assert word in told


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("https://acme.my.salesforce.com", True),
        ("https://127.0.0.1:8443", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost:8080/", True),
        ("http://127.0.0.1.example.com", False),
        ("http://acme.my.salesforce.com", False),
        ("https://acme.my.salesforce.com/services", False),
        ("https://user:word@acme.my.salesforce.com", False),
        ("https://acme.my.salesforce.com?x=1", False),
        ("https://acme:port", False),
        ("ftp://acme", False),
        ("acme.my.salesforce.com", False),
        ("https://", False),
    ],
)
def test_only_https_or_this_machine(url: str, sound: bool) -> None:
    assert (find_url_problem(url) == "") is sound


def test_a_relative_authority_file_starts_at_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")
    given = make_opening(
        "https://acme.my.salesforce.com",
        client_id="c",
        secret="x",
        options={"ca_file": "ca.pem"},
        folder=tmp_path,
    )
    assert read_options(given).ca_file == tmp_path / "ca.pem"


def test_the_manifest_names_the_secret_as_a_secret() -> None:
    assert [spec.name for spec in MANIFEST.options if spec.secret] == [
        "client_secret", "private_key", "setup_client_secret"
    ]  # fmt: skip
    assert MANIFEST.writes
    adapter = MANIFEST.open(opening())
    assert "acme.my.salesforce.com" in repr(adapter)
    adapter.close()


KEY = {"client_secret": "", "private_key": "file:/etc/key.pem"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_secret": ""}, "client_secret is missing"),
        (KEY, "username is missing"),
        ({"username": "a@example.com"}, "private_key is missing"),
        ({"private_key": "file:/etc/key.pem", "username": "a@example.com"}, "not both"),
    ],
)
def test_one_way_to_sign_in_is_wanted_whole(options: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_options(opening(**options))
    (problem,) = caught.value.problems
    assert words in problem


@pytest.mark.parametrize(
    ("url", "audience", "wanted"),
    [
        ("https://acme.my.salesforce.com", "", "https://login.salesforce.com"),
        ("https://acme--test.sandbox.my.salesforce.com", "", "https://test.salesforce.com"),
        ("http://127.0.0.1:8080/", "", "http://127.0.0.1:8080"),
        ("https://acme.my.salesforce.com", "https://acme.example/", "https://acme.example"),
    ],
)
def test_the_audience_follows_from_the_orgs_address(url: str, audience: str, wanted: str) -> None:
    options = read_options(opening(url, username="a@example.com", audience=audience, **KEY))
    assert options.audience == wanted
    assert options.signs_assertions
    assert options.secret_reference == "file:/etc/key.pem"

"""Every sentence a user reads is there in Chinese, with the same parameters, and none too many."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from connector.domain.texts import chinese_templates
from tests import spoken_texts
from tests.chinese_signs import full_width
from tests.spoken_texts import chinese, has_words, missing, orphans, scan

TABLES = sorted(chinese())
HAN = re.compile(r"[\u4e00-\u9fff]")


def parameters(template: str) -> Counter[str]:
    """Parameters of a template; a Chinese one may ask for the Chinese form, `{x_zh}`."""
    return Counter(name.removesuffix("_zh") for name in re.findall(r"\{(\w+)\}", template))


def test_the_scan_finds_what_users_read() -> None:
    spoken = scan().spoken
    assert len(spoken) > 250
    for template in (
        "There is no settings file.",  # message of an error
        "Run `creditflag init` here, or name the file with --config.",  # its next step
        "Reading {what}",  # a value of a dictionary
        "within tolerance",  # head of a table, without its mark for the right side
        "written again",  # looked up by a rule
        "waits for its first plan to be applied",  # chosen by a condition
        "verified",  # a state, made at run time
        "{n} of {known} parties would get a new hold ({share}); at most {most} pass alone.",
    ):
        assert template in spoken, template


def test_what_the_scan_finds_can_be_followed_to_its_source() -> None:
    assert not scan().unknown, "\n".join(sorted(scan().unknown))


def test_every_sentence_has_its_chinese() -> None:
    lacking = [f"{where}: {text}" for text, where in missing().items()]
    assert not lacking, "\n".join(["python -m tests.spoken_texts prints them as YAML", *lacking])


def test_no_chinese_sentence_is_left_over() -> None:
    assert not orphans(), "\n".join(f"{file}: {key}" for key, file in orphans().items())


@pytest.mark.parametrize("table", TABLES)
def test_both_languages_ask_for_the_same_parameters(table: str) -> None:
    unlike = [
        english
        for english, translated in chinese()[table].items()
        if set(parameters(english)) != set(parameters(translated))
    ]
    assert not unlike, "\n".join(unlike)


@pytest.mark.parametrize("table", TABLES)
def test_commands_stay_as_they_are_typed(table: str) -> None:
    quoted = re.compile(r"`[^`]+`|--[a-z][\w-]+")
    altered = [
        english
        for english, translated in chinese()[table].items()
        if Counter(quoted.findall(english)) != Counter(quoted.findall(translated))
    ]
    assert not altered, "\n".join(altered)


@pytest.mark.parametrize("table", TABLES)
def test_chinese_is_chinese(table: str) -> None:
    content = chinese()[table]
    assert content
    worded = {key: text for key, text in content.items() if has_words(key)}
    assert not [key for key, text in worded.items() if not HAN.search(text)]
    typed = [text for text in content.values() if full_width(text) != text]
    assert not typed, "\n".join(["python -m tests.chinese_signs rewrites them", *typed])


@pytest.mark.parametrize(
    ("typed", "wide"),
    [
        ("已写入:{path}", "已写入\uff1a{path}"),
        ("{a},{b}(由 {c} 修改)", "{a}\uff0c{b}\uff08由 {c} 修改\uff09"),
        ("为什么? 请看", "为什么\uff1f请看"),
        ("请写 env:NAME、file:/path", "请写 env:NAME、file:/path"),
        ("请运行 `a, b: c` 或 d", "请运行 `a, b: c` 或 d"),
        ("Only English, here: (this)", "Only English, here: (this)"),
    ],
)
def test_signs_are_wide_beside_chinese_and_nowhere_else(typed: str, wide: str) -> None:
    assert full_width(typed) == wide
    assert full_width(wide) == wide


def test_no_sentence_has_two_translations() -> None:
    two = [
        f"{english}: {translated} / {chinese_templates()[english]}"
        for table in chinese().values()
        for english, translated in table.items()
        if translated != chinese_templates()[english]
    ]
    assert not two, "\n".join(two)


def test_a_word_of_ours_has_one_chinese_word() -> None:
    # The trade's own terms; a second word for one of them would look like a second thing.
    terms = {
        "credit limit": "信用额度|额度",
        "credit hold": "信用冻结",
        "new hold": "冻结",
        "overdue": "逾期",
        "exposure": "敞口|信用占用",
        "write-back": "回写",
        "conflict": "冲突",
        "plan": "计划|方案",
        "mapping document": "映射文件",
        "connection": "连接",
        "journal": "日志|流水",
        "ledger": "账本|总账",
        "quarantined": "隔离",
    }
    strayed = [
        f"{english!r}: {translated}"
        for english, translated in chinese_templates().items()
        for word, allowed in terms.items()
        if re.search(rf"(?<![\w`-]){word}s?(?![\w`-])", bare(english))
        and not re.search(allowed, translated)
    ]
    assert not strayed, "\n".join(strayed)


def bare(template: str) -> str:
    """The template's words without commands and parameters."""
    return re.sub(r"\{\w+\}|`[^`]*`|creditflag [\w ]+|--\w+", "", template)


def test_the_report_can_be_pasted(capsys: pytest.CaptureFixture[str]) -> None:
    import yaml

    spoken_texts.main()
    printed = capsys.readouterr().out
    assert set(yaml.safe_load(printed) or {}) == set(missing())

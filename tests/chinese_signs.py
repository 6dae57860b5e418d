"""Chinese sentences have Chinese signs: full-width comma, colon, semicolon, brackets.

    python -m tests.chinese_signs       rewrites the texts where half-width signs were typed

Commands, references, parameters and Latin text keep theirs.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

TEXTS = Path(__file__).resolve().parent.parent / "connector" / "domain" / "texts_zh"
SIGNS = {sign: chr(ord(sign) + 0xFEE0) for sign in ",;:?!()"}
_QUOTED = re.compile(r"`[^`]*`")
_HAN = "\u3400-\u9fff\u3001\u3002\u201c\u201d" + "".join(SIGNS.values())
_AFTER = re.compile(rf"[{_HAN}}}`)]\s?$")
_BEFORE = re.compile(rf"^\s?[{_HAN}{{`(]")


def full_width(text: str) -> str:
    """The text with full-width signs wherever Chinese stands beside them."""
    if not re.search(r"[\u3400-\u9fff]", text):
        return text
    kept = {m.start() + i for m in _QUOTED.finditer(text) for i in range(len(m[0]))}
    signs = list(text)
    for place, sign in enumerate(text):
        if sign in ",;:?!" and place not in kept and _is_chinese(text, place):
            signs[place] = SIGNS[sign]
    for opening, closing in _brackets(text):
        inside = text[opening + 1 : closing]
        if opening not in kept and (_is_chinese(text, opening) or re.search(rf"[{_HAN}]", inside)):
            signs[opening], signs[closing] = SIGNS["("], SIGNS[")"]
    return _without_spaces("".join(signs))


def _is_chinese(text: str, place: int) -> bool:
    return bool(_AFTER.search(text[:place]) or _BEFORE.search(text[place + 1 :]))


def _brackets(text: str) -> list[tuple[int, int]]:
    pairs, open_at = [], []
    for place, sign in enumerate(text):
        if sign == "(":
            open_at.append(place)
        elif sign == ")" and open_at:
            pairs.append((open_at.pop(), place))
    return pairs


def _without_spaces(text: str) -> str:
    """A full-width sign brings its own space."""
    wide = "".join(SIGNS.values())
    return re.sub(rf" ?([{wide}]) ?", r"\1", text)


def main() -> None:
    """Rewrite every file in which a sign is half-width."""
    for path in sorted(TEXTS.glob("*.yaml")):
        source = path.read_text(encoding="utf-8")
        changed = source
        for text in (yaml.safe_load(source) or {}).values():
            if full_width(text) != text and f'"{text}"' in changed:
                changed = changed.replace(f'"{text}"', f'"{full_width(text)}"')
        if changed != source:
            path.write_text(changed, encoding="utf-8")
            print(path.name)


if __name__ == "__main__":
    main()

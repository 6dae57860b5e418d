"""The credit fields creditflag writes into a CRM, each with its type, meaning and labels.

A mapping's write-back targets name these fields; nothing else can be written onto a record. The
vendor's metadata, the advice of `mapping check`, the demo's schema and docs/fields.md are all
drawn from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.domain.entities import Kind

SHORT_TEXT = 255
"""Characters up to which a text is an ordinary one; vendors keep longer ones apart."""


class When(StrEnum):
    """When a difference between target and CRM is worth a write; what we write stands still."""

    CHANGED = "changed"  # any difference
    MOVED = "moved"  # an amount past the policy's write tolerance, or the band changed
    BANDED = "banded"  # the decision's band changed: amounts that the clock moves
    ALONG = "along"  # only together with another change of the same record


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a field that has a closed list, with what people read for it."""

    value: str
    label_en: str
    label_zh: str


@dataclass(frozen=True, slots=True)
class CreditField:
    """One credit field.

    `length` is the number of characters to make room for, `precision` all digits of a number and
    `scale` its decimals. `least` is what a field of the CRM must hold at least to be of use:
    characters, or digits before the point. `help_en` and `help_zh` are read beside the field.
    `adopts` marks fields whose value in the CRM at first contact is taken over (limit, grade,
    hold) instead of being overwritten.
    """

    name: str
    kind: Kind
    meaning: str
    label_en: str
    label_zh: str
    help_en: str
    help_zh: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    least: int = 0
    choices: tuple[Choice, ...] = ()
    when: When = When.CHANGED
    adopts: bool = False

    @property
    def long_text(self) -> bool:
        """Whether it needs more room than an ordinary text field has."""
        return self.kind is Kind.TEXT and self.length > SHORT_TEXT

    @property
    def values(self) -> tuple[str, ...]:
        """The values of a closed list; empty when any value may stand there."""
        return tuple(choice.value for choice in self.choices)


def _amount(
    name: str,
    meaning: str,
    labels: tuple[str, str],
    helps: tuple[str, str],
    when: When = When.MOVED,
    adopts: bool = False,
) -> CreditField:
    return CreditField(
        name, Kind.MONEY, meaning, *labels, *helps,
        precision=18, scale=2, least=12, when=when, adopts=adopts,
    )  # fmt: skip


_FIELDS = (
    CreditField(
        "score",
        Kind.QUANTITY,
        "score, 0–100",
        "Credit score",
        "信用评分",
        "0 to 100; higher is better. The reasons say which points were lost.",
        "0 到 100，越高越好。原因中说明丢了哪些分。",
        precision=5,
        least=3,
    ),
    CreditField(
        "grade",
        Kind.TEXT,
        "grade of the policy's scale",
        "Credit grade",
        "信用等级",
        "Grade that the credit policy gives to the score.",
        "信用政策按评分给出的等级。",
        length=10,
        least=3,
        adopts=True,
    ),
    CreditField(
        "colour",
        Kind.TEXT,
        "green, amber, red or grey",
        "Credit light",
        "信用灯",
        "Green: sell. Amber: look at the reasons first. Red: talk to credit control. Grey: not "
        "rated yet.",
        "绿：可以销售。黄：先看原因。红：请联系信控。灰：尚未评级。",
        length=10,
        least=5,
        choices=(
            Choice("green", "Green", "绿"),
            Choice("amber", "Amber", "黄"),
            Choice("red", "Red", "红"),
            Choice("grey", "Grey", "灰"),
        ),
    ),
    CreditField(
        "hold",
        Kind.FLAG,
        "new orders should be held",
        "Credit hold",
        "信用冻结",
        "New orders wait until credit control releases the account.",
        "在信控解冻该客户之前，新订单暂缓。",
        adopts=True,
    ),
    CreditField(
        "flags",
        Kind.TEXT,
        "codes of the open flags, sorted, separated by ;",
        "Credit flags",
        "信用预警",
        "Codes of the open warnings, separated by semicolons.",
        "未关闭预警的代码，以分号分隔。",
        length=255,
        least=40,
    ),
    CreditField(
        "reasons",
        Kind.TEXT,
        "JSON list of the top reasons: code and parameters",
        "Credit reasons (data)",
        "信用原因（数据）",
        "Data of the credit panel; Credit reasons says the same in words.",
        "信用面板的数据；文字说明见“信用原因”。",
        length=32_768,
        least=500,
        when=When.ALONG,
    ),
    CreditField(
        "reason_text",
        Kind.TEXT,
        "the top reasons in words, in the company's language",
        "Credit reasons",
        "信用原因",
        "Why the account has its light and grade, the weightiest reason first.",
        "该客户为何是这个信用灯和等级，最重要的原因在前。",
        length=4_000,
        least=80,
        when=When.ALONG,
    ),
    _amount(
        "limit",
        "approved limit; empty unless the state is amount",
        ("Credit limit", "信用额度"),
        (
            "Approved limit. Empty when the limit state says none, cash only or unlimited.",
            "已批准的额度。额度状态为无额度、仅现款或不限额时为空。",
        ),
        when=When.CHANGED,
        adopts=True,
    ),
    CreditField(
        "limit_state",
        Kind.TEXT,
        "none, cash_only, unlimited or amount",
        "Credit limit state",
        "额度状态",
        "Whether a limit is set, and if it is an amount. No limit set is not a limit of zero.",
        "是否已设额度，以及是否为金额。未设额度不等于额度为零。",
        length=20,
        least=9,
        choices=(
            Choice("none", "No limit set", "未设额度"),
            Choice("cash_only", "Cash only", "仅现款"),
            Choice("unlimited", "Unlimited", "不限额"),
            Choice("amount", "Amount", "金额"),
        ),
        adopts=True,
    ),
    _amount(
        "proposed_limit",
        "the engine's proposal",
        ("Proposed credit limit", "建议额度"),
        (
            "What the credit policy would grant; it is in force only once it was approved.",
            "按信用政策可给的额度；批准后才生效。",
        ),
    ),
    _amount(
        "exposure",
        "net exposure",
        ("Credit exposure", "信用敞口"),
        (
            "What the account owes and has on order, less what secures it.",
            "客户所欠及在途订单金额，减去担保。",
        ),
    ),
    _amount(
        "available",
        "approved limit less net exposure",
        ("Available credit", "可用信用"),
        (
            "What is left of the limit. Below zero the account is over its limit.",
            "额度的剩余部分。小于零表示已超额度。",
        ),
    ),
    _amount(
        "overdue",
        "past due amount",
        ("Overdue amount", "逾期金额"),
        ("What is past its due date and not disputed.", "已过到期日且无争议的金额。"),
        when=When.BANDED,
    ),
    CreditField(
        "oldest_due_date",
        Kind.DATE,
        "due date of the oldest open undisputed item",
        "Oldest due date",
        "最早到期日",
        "Due date of the oldest open item that is not disputed.",
        "最早一笔无争议未清项的到期日。",
    ),
    CreditField(
        "ageing",
        Kind.TEXT,
        "JSON object: what is owed by days past due, bucket and amount",
        "Credit ageing (data)",
        "账龄（数据）",
        "Data of the credit panel: what is owed by days past due.",
        "信用面板的数据：按逾期天数划分的欠款。",
        length=1_000,
        least=400,
        when=When.BANDED,
    ),
    CreditField(
        "next_review",
        Kind.DATE,
        "next credit review",
        "Next credit review",
        "下次复审日",
        "Day by which credit control looks at the account again.",
        "信控最迟再次审查该客户的日期。",
    ),
    CreditField(
        "allowed_terms",
        Kind.QUANTITY,
        "longest payment terms in days; 0 = payment before delivery",
        "Allowed payment terms",
        "允许账期",
        "Longest payment terms in days for this grade; 0 means payment before delivery.",
        "该等级允许的最长账期（天）；0 表示先款后货。",
        precision=5,
        least=3,
    ),
    CreditField(
        "action",
        Kind.TEXT,
        "what to do to prevent a loss",
        "Credit action",
        "信用措施",
        "What the credit policy asks for to prevent a loss. Empty: nothing.",
        "信用政策为防止损失要求采取的措施。为空表示无。",
        length=20,
        least=15,
        choices=(
            Choice("stop_shipment", "Stop shipment", "停止发货"),
            Choice("prepayment", "Payment in advance", "预付款"),
            Choice("collect", "Collect", "催收"),
            Choice("insurer_request", "Ask the insurer", "联系保险公司"),
            Choice("guarantee", "Ask for a guarantee", "要求担保"),
            Choice("deposit", "Ask for a deposit", "要求定金"),
            Choice("shorter_terms", "Shorten the terms", "缩短账期"),
            Choice("review", "Review", "复审"),
        ),
    ),
    CreditField(
        "action_due",
        Kind.DATE,
        "until when the action is due",
        "Credit action due",
        "信用措施期限",
        "Day by which the credit action is to be taken.",
        "信用措施最迟完成日期。",
    ),
    CreditField(
        "currency",
        Kind.TEXT,
        "currency of these amounts",
        "Credit currency",
        "信用币种",
        "ISO code of the currency of all credit amounts of this record.",
        "本记录所有信用金额的币种代码（ISO）。",
        length=3,
        least=3,
    ),
)

CREDIT_FIELDS: dict[str, CreditField] = {field.name: field for field in _FIELDS}
"""Credit fields by name, in the order in which a panel shows them."""

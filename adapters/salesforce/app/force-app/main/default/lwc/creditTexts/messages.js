// Written by scripts/make_panel_texts.py from connector/credit/reasons/wording.py.

export const FLAG_TEXTS = {
  "oldest_overdue": [
    "An invoice due on {due_date} is still unpaid (more than {threshold} late).",
    "{due_date} 到期的发票仍未付款（逾期超过 {threshold}）。"
  ],
  "over_limit": [
    "More than {threshold} of the credit limit is used.",
    "信用额度使用超过 {threshold}。"
  ],
  "overdue_heavy": [
    "More than {threshold} of what is owed is overdue.",
    "应收账款中逾期超过 {threshold}。"
  ],
  "paying_later": [
    "Invoices are paid more than {threshold} later than before.",
    "付款比以前平均晚 {threshold} 以上。"
  ],
  "disputes_high": [
    "More than {threshold} of what is owed is in dispute.",
    "应收账款中有争议的超过 {threshold}。"
  ],
  "no_valid_limit": [
    "There is no credit limit yet.",
    "尚未设定信用额度。"
  ],
  "near_limit": [
    "More than {threshold} of the credit limit is used: little is left.",
    "信用额度已使用超过 {threshold}，所剩不多。"
  ],
  "cash_unmatched": [
    "Payments or credit notes worth more than {threshold} of what is owed wait to be matched.",
    "有相当于应收账款 {threshold} 以上的收款或贷项尚未核销。"
  ],
  "bill_dishonoured": [
    "A bill was not honoured (since {since_day}).",
    "有票据被拒付（自 {since_day} 起）。"
  ],
  "insurer_cut": [
    "The insurer reduced or withdrew the insured limit on {decided_on}.",
    "保险公司于 {decided_on} 削减或撤销了承保额度。"
  ],
  "cover_stopped": [
    "New deliveries are not insured: an invoice was not paid by {extension_end}.",
    "有发票在 {extension_end} 前仍未付款，新发货不再受保。"
  ],
  "insurance_report_due": [
    "Overdue items have to be reported to the insurer by {report_by}.",
    "逾期款项须在 {report_by} 前向保险公司报损。"
  ],
  "bill_maturing": [
    "A bill matures on {matures_on} and has to be presented by {present_by}.",
    "票据于 {matures_on} 到期，须在 {present_by} 前提示付款。"
  ],
  "guarantee_expiring": [
    "A guarantee ends on {valid_to}; what is owed needs it until {needed_until}.",
    "担保将于 {valid_to} 到期，现有欠款需覆盖至 {needed_until}。"
  ],
  "insured_limit_expiring": [
    "The insured limit ends on {valid_to}.",
    "承保额度将于 {valid_to} 到期。"
  ],
  "uncovered_exposure": [
    "More than {threshold} of what may stand unsecured is owed without security.",
    "无担保欠款超过允许值的 {threshold}。"
  ],
  "insurance_terms_exceeded": [
    "Open invoices run longer than the insurance covers (more than {threshold} of what is owed).",
    "未付发票的账期超出承保期限（占应收账款 {threshold} 以上）。"
  ],
  "limit_expiring": [
    "The credit limit ends on {valid_to}.",
    "信用额度将于 {valid_to} 到期。"
  ],
  "agreement_expiring": [
    "A credit agreement ends on {valid_to}.",
    "信用协议将于 {valid_to} 到期。"
  ],
  "due_dates_missing": [
    "For more than {threshold} of what is owed no due date was agreed.",
    "应收账款中超过 {threshold} 没有约定到期日。"
  ],
  "terms_longer_than_law": [
    "The agreed terms of {terms} days are longer than the law of the country foresees.",
    "约定账期 {terms} 天，超过当地法律规定的期限。"
  ],
  "hard_stop": [
    "A hard stop of the policy sets the grade, whatever the score.",
    "触发政策的一票否决项，等级不再取决于评分。"
  ],
  "adverse_event": [
    "Public records show something adverse since {since}.",
    "公开记录自 {since} 起有不利信息。"
  ],
  "bureau_downgrade": [
    "A bureau lowered its score in the report of {report_on}.",
    "外部机构在 {report_on} 的报告中下调了评分。"
  ],
  "negative_equity": [
    "The liabilities exceed the assets in the statement to {statement_end}.",
    "截至 {statement_end} 的报表显示资不抵债。"
  ],
  "weak_statements": [
    "The financial statement to {statement_end} shows several signs of weakness.",
    "截至 {statement_end} 的财务报表显示多项弱化迹象。"
  ],
  "group_contagion": [
    "Another company of the same group is in trouble.",
    "同一集团的其他公司出现问题。"
  ],
  "statement_unit_suspect": [
    "The unit of the statement to {statement_end} looks mistaken: it is not used.",
    "截至 {statement_end} 的报表单位疑似有误，暂不采用。"
  ],
  "terms_better_than_allowed": [
    "{agreed} days to pay are agreed, {allowed} are allowed for this grade.",
    "约定账期 {agreed} 天，该等级允许 {allowed} 天。"
  ],
  "stale_statements": [
    "The latest financial statement ended on {statement_end}: too old to be used.",
    "最近一期财务报表截至 {statement_end}，过旧不予采用。"
  ],
  "stale_bureau": [
    "The latest bureau report is of {report_on}, more than {threshold} ago.",
    "最近的外部报告日期为 {report_on}，已超过 {threshold}。"
  ],
  "concentration": [
    "The customer or its group holds more of all exposure than allowed ({allowed}).",
    "该客户或其集团占全部敞口的比例超过允许值（{allowed}）。"
  ],
  "limit_use_sustained": [
    "The credit limit has been almost used up on more than {threshold} days in a row.",
    "信用额度已连续超过 {threshold} 天接近用满。"
  ],
  "broken_promises": [
    "More than {threshold} promised payments did not come, or most of the promised amount.",
    "超过 {threshold} 笔承诺付款未到账，或承诺金额大半未付。"
  ],
  "dispute_jump": [
    "The disputed part of what is owed rose by more than {threshold} in a short time.",
    "应收账款的争议占比短期内上升超过 {threshold}。"
  ],
  "partial_payments": [
    "More than {threshold} of the recent payments paid only part of an invoice.",
    "近期付款中超过 {threshold} 只付了发票的一部分。"
  ],
  "order_spike": [
    "Orders are far above the usual month while payments come later than before.",
    "订单远高于平常月，而付款比以前更晚。"
  ],
  "order_stop": [
    "A customer that ordered every month has not ordered since {last_order}.",
    "原本每月下单的客户自 {last_order} 以来未再下单。"
  ],
  "pays_unlike_before": [
    "Payments come later than this customer's own habit explains.",
    "付款明显晚于该客户自身的习惯。"
  ],
  "inactive_then_large": [
    "After a long pause the customer ordered more than ever before (on {last_order}).",
    "长期停购后，客户下了前所未有的大单（{last_order}）。"
  ],
  "first_order_large": [
    "A new customer placed an order of more than {threshold} of its limit.",
    "新客户的单笔订单超过其额度的 {threshold}。"
  ],
  "opportunity_ahead": [
    "If the open opportunities are won, more than {threshold} of the credit limit is used.",
    "若未决商机成交，信用额度使用将超过 {threshold}。"
  ],
  "payment_method_change": [
    "Payments were sent back, or bills came in place of transfers, for the first time.",
    "首次出现付款被退回，或以票据代替转账。"
  ],
  "disputes_before_due": [
    "More than {threshold} disputes were raised only when payment was near.",
    "有超过 {threshold} 笔争议在临近付款时才提出。"
  ]
};

export const CASH_ONLY_OPEN = [
  "Sells for cash only, but there are open amounts.",
  "仅限现款，但仍有未付金额。"
];

export const LIMIT_EXPIRED = [
  "The credit limit expired on {valid_to}.",
  "信用额度已于 {valid_to} 到期。"
];

export const CONDITION_TEXT = [
  "{label}: {figures}.",
  "{label}：{figures}。"
];

export const METRIC_TEXTS = {
  "overdue_ratio": [
    "Overdue part of what is owed: {bin}.",
    "应收账款中的逾期占比：{bin}。"
  ],
  "overdue_ratio_undisputed": [
    "Overdue part of what is owed: {bin}.",
    "应收账款中的逾期占比：{bin}。"
  ],
  "overdue_ratio_past_grace": [
    "Overdue part of what is owed: {bin}.",
    "应收账款中的逾期占比：{bin}。"
  ],
  "oldest_overdue_days": [
    "The oldest unpaid invoice is late by {bin}.",
    "最早未付发票逾期 {bin}。"
  ],
  "dbt": [
    "Invoices are paid late by {bin} on average.",
    "平均逾期付款 {bin}。"
  ],
  "dbt_floored": [
    "Invoices are paid late by {bin} on average.",
    "平均逾期付款 {bin}。"
  ],
  "dbt_with_open": [
    "Invoices are paid late by {bin} on average, open ones included.",
    "平均逾期付款 {bin}（含未付发票）。"
  ],
  "dbt_trend": [
    "Payments come later than before, by {bin}.",
    "付款比以前晚 {bin}。"
  ],
  "utilisation": [
    "Used part of the credit limit: {bin}.",
    "信用额度使用率：{bin}。"
  ],
  "dispute_ratio": [
    "Disputed part of what is owed: {bin}.",
    "应收账款中的争议占比：{bin}。"
  ],
  "dso": [
    "What is owed stands for {bin} of sales.",
    "应收账款相当于 {bin} 的销售额。"
  ],
  "dso_countback": [
    "What is owed stands for {bin} of sales.",
    "应收账款相当于 {bin} 的销售额。"
  ]
};

export const OTHER_METRIC = [
  "{label}: {bin}.",
  "{label}：{bin}。"
];

export const REASON_TEXTS = {
  "insolvency_open": [
    "Insolvency proceedings are open.",
    "已进入破产程序。"
  ],
  "dissolved": [
    "The company is dissolved.",
    "公司已注销。"
  ],
  "sanctioned": [
    "The company is on a sanctions list.",
    "公司在制裁名单上。"
  ],
  "dishonest_judgment_debtor": [
    "The company is on the list of dishonest judgment debtors.",
    "公司被列为失信被执行人。"
  ],
  "enforcement": [
    "A court enforces claims against the company.",
    "公司有被执行案件。"
  ],
  "abnormal_operations": [
    "The company is on the list of abnormal operations.",
    "公司被列入经营异常名录。"
  ],
  "share_freeze": [
    "Shares in the company are frozen.",
    "公司股权被冻结。"
  ],
  "lien": [
    "Assets of the company are pledged or seized.",
    "公司资产被抵押或查封。"
  ],
  "judgment": [
    "A court has ruled against the company.",
    "公司有败诉判决。"
  ],
  "winding_up_petition": [
    "A petition to wind up the company has been filed.",
    "公司被申请清算。"
  ],
  "late_filing": [
    "The company files its statements late.",
    "公司未按期报送报表。"
  ],
  "ownership_change": [
    "The company has changed hands.",
    "公司股东发生变更。"
  ],
  "press": [
    "The press reports something adverse.",
    "媒体有不利报道。"
  ],
  "not_enough_data": [
    "Too little is known for a score ({known} of the scorecard).",
    "信息不足，无法评分（评分卡仅覆盖 {known}）。"
  ],
  "limit_blend": [
    "The proposed limit is the weighted mean of the limit methods.",
    "建议额度为各测算方法的加权平均。"
  ],
  "limit_need": [
    "The proposed limit is what the customer needs at its present purchases.",
    "建议额度以客户目前采购所需为限。"
  ],
  "limit_agency": [
    "The proposed limit is held down by the agency's recommendation.",
    "建议额度受评级机构建议上限约束。"
  ],
  "limit_appetite": [
    "The proposed limit is held down to {share} of all our yearly sales.",
    "建议额度不超过我方全年销售额的 {share}。"
  ],
  "limit_step": [
    "The proposed limit rises by at most {max_up} at one review.",
    "每次复审额度最多上调 {max_up}。"
  ],
  "over_indebted": [
    "The liabilities exceed the assets.",
    "公司资不抵债。"
  ],
  "limit_group": [
    "The proposed limit is held down by the limit of the group.",
    "建议额度受集团额度约束。"
  ],
  "limit_own_equity": [
    "The proposed limit is held down to what our own equity can bear.",
    "建议额度不超过我方自有资本可承受的金额。"
  ],
  "limit_insured": [
    "The proposed limit is held down to the insured limit and what we risk beyond.",
    "建议额度不超过承保额度加我方自担部分。"
  ],
  "limit_country": [
    "The proposed limit is lowered for the risk of the country.",
    "建议额度因国家风险下调。"
  ],
  "grade_country": [
    "No better grade than {grade} is possible in this country.",
    "该国家的等级最高为 {grade}。"
  ],
  "grade_group_support": [
    "The grade is lifted to {grade} by the parent company.",
    "因母公司支持，等级上调至 {grade}。"
  ],
  "grade_group_drag": [
    "The grade is lowered to {grade} by the parent company.",
    "受母公司影响，等级下调至 {grade}。"
  ],
  "limit_cash_only": [
    "Grade {grade} sells for cash only.",
    "{grade} 级客户仅限现款。"
  ],
  "limit_manual": [
    "No limit can be proposed by rule: a person has to decide.",
    "无法按规则给出额度，需人工决定。"
  ]
};

export const OTHER_REASON = [
  "{code}",
  "{code}"
];

export const REMEDY_TEXTS = {
  "pay_items": [
    "Pay {total}: what was due by {due_on_or_before} (invoices: {count}).",
    "付清 {due_on_or_before} 及以前到期的款项 {total}（{count} 张发票）。"
  ],
  "reduce_exposure": [
    "Pay {amount} on account.",
    "付款 {amount}（不必指明发票）。"
  ],
  "raise_limit": [
    "Approve a limit of {amount}.",
    "批准 {amount} 的额度。"
  ],
  "resolve_disputes": [
    "Settle the open disputes.",
    "解决未决争议。"
  ],
  "provide_data": [
    "Wait for payments, or give the missing terms and limits.",
    "等待付款记录，或补充缺少的账期与额度。"
  ]
};

export const REMEDY_RESULT = [
  "Then: score {score}, grade {grade}, {hold}, {flags}.",
  "之后：评分 {score}，等级 {grade}，{hold}，{flags}。"
];

export const WITH_HOLD = [
  "still on hold",
  "仍冻结"
];

export const WITHOUT_HOLD = [
  "no hold",
  "不冻结"
];

export const WITH_FLAGS = [
  "flags {codes}",
  "预警：{codes}"
];

export const WITHOUT_FLAGS = [
  "no flag",
  "无预警"
];

export const FLAG_NAMES = {
  "oldest_overdue": [
    "Long overdue",
    "长期逾期"
  ],
  "over_limit": [
    "Over the limit",
    "超额度"
  ],
  "overdue_heavy": [
    "Much overdue",
    "逾期占比高"
  ],
  "paying_later": [
    "Paying later",
    "付款变慢"
  ],
  "disputes_high": [
    "Many disputes",
    "争议较多"
  ],
  "no_valid_limit": [
    "No valid limit",
    "无有效额度"
  ],
  "near_limit": [
    "Close to the limit",
    "接近额度"
  ],
  "cash_unmatched": [
    "Unmatched payments",
    "未核销收款"
  ],
  "bill_dishonoured": [
    "Bill not honoured",
    "票据被拒付"
  ],
  "insurer_cut": [
    "Insurer cut the limit",
    "承保额度被削减"
  ],
  "cover_stopped": [
    "Insurance cover stopped",
    "保险停止承保"
  ],
  "insurance_report_due": [
    "Report to the insurer",
    "需向保险公司报损"
  ],
  "bill_maturing": [
    "Bill to be presented",
    "票据需提示付款"
  ],
  "guarantee_expiring": [
    "Guarantee ends soon",
    "担保即将到期"
  ],
  "insured_limit_expiring": [
    "Insured limit ends soon",
    "承保额度即将到期"
  ],
  "uncovered_exposure": [
    "Much without security",
    "无担保金额过高"
  ],
  "insurance_terms_exceeded": [
    "Terms longer than insured",
    "账期超出承保期限"
  ],
  "limit_expiring": [
    "Limit ends soon",
    "额度即将到期"
  ],
  "agreement_expiring": [
    "Agreement ends soon",
    "协议即将到期"
  ],
  "due_dates_missing": [
    "Due dates missing",
    "缺少到期日"
  ],
  "terms_longer_than_law": [
    "Terms longer than the law's",
    "账期超过法定期限"
  ],
  "hard_stop": [
    "Hard stop",
    "一票否决"
  ],
  "adverse_event": [
    "Public event",
    "公开不利信息"
  ],
  "bureau_downgrade": [
    "Bureau score fell",
    "外部评分下降"
  ],
  "negative_equity": [
    "Negative equity",
    "资不抵债"
  ],
  "weak_statements": [
    "Weak statement",
    "报表偏弱"
  ],
  "group_contagion": [
    "Trouble in the group",
    "集团关联风险"
  ],
  "statement_unit_suspect": [
    "Unit of the statement in doubt",
    "报表单位存疑"
  ],
  "terms_better_than_allowed": [
    "Terms longer than allowed",
    "账期超出允许"
  ],
  "stale_statements": [
    "Statement too old",
    "报表过旧"
  ],
  "stale_bureau": [
    "Bureau report too old",
    "外部报告过旧"
  ],
  "concentration": [
    "Large part of the book",
    "敞口集中"
  ],
  "limit_use_sustained": [
    "Limit used up for days",
    "额度连日近满"
  ],
  "broken_promises": [
    "Broken promises",
    "承诺未兑现"
  ],
  "dispute_jump": [
    "Disputes jump",
    "争议激增"
  ],
  "partial_payments": [
    "Part payments",
    "部分付款"
  ],
  "order_spike": [
    "Orders jump while payments slow",
    "订单激增而付款变慢"
  ],
  "order_stop": [
    "Orders stopped",
    "停止下单"
  ],
  "pays_unlike_before": [
    "Pays unlike before",
    "付款习惯改变"
  ],
  "inactive_then_large": [
    "Large order after a pause",
    "停购后的大额订单"
  ],
  "first_order_large": [
    "Large first order",
    "首单金额大"
  ],
  "opportunity_ahead": [
    "Limit too small for what comes",
    "额度不足以承接商机"
  ],
  "payment_method_change": [
    "New way of paying",
    "付款方式改变"
  ],
  "disputes_before_due": [
    "Disputes at the due date",
    "到期前提出争议"
  ]
};

export const MORE_THAN = [
  "more than",
  "超过"
];

export const UP_TO = [
  "up to",
  "不超过"
];

export const DAYS = [
  "days",
  "天"
];

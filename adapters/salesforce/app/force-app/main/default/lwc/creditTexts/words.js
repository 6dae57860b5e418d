// The panel's and the badge's own words: English, Chinese.
export const WORDS = {
  title: ['Customer credit', '客户信用'],
  refresh: ['Refresh', '刷新'],
  refreshed: ['The credit fields were read again.', '信用字段已重新读取。'],
  loading: ['Loading customer credit', '正在加载客户信用'],

  light_green: ['Green', '绿灯'],
  light_amber: ['Amber', '黄灯'],
  light_red: ['Red', '红灯'],
  light_grey: ['Grey', '灰灯'],
  light_none: ['Not checked', '未评估'],
  grade: ['Grade {grade}', '等级 {grade}'],
  unrated: ['Unrated', '未评级'],
  score: ['Score {score}', '评分 {score}'],
  hold: ['On hold', '已冻结'],

  may_green: ['Good to sell', '可以正常销售'],
  may_amber: ['Sell with care', '谨慎销售'],
  may_red: ['Ask credit control before you sell', '销售前请先联系信控'],
  may_grey: ['Too little is known: ask credit control', '信息不足，请先联系信控'],
  may_hold: ['On hold: take no new orders', '已冻结：暂不接受新订单'],
  may_none: ['No credit check yet', '尚未做信用评估'],
  hold_advice: [
    'Ask credit control to release it before you promise a delivery.',
    '承诺交货前，请先联系信控解除冻结。',
  ],
  none_advice: [
    'Accounts are checked once they have payment terms, open items or orders.',
    '客户有账期、未清账款或订单之后才会评估。',
  ],

  left: ['{amount} of credit is left', '剩余信用 {amount}'],
  nothing_left: ['Nothing is left of the limit', '额度已用完'],
  over: ['{amount} over the limit', '超出额度 {amount}'],
  no_limit: ['No credit limit is set', '尚未设定信用额度'],
  cash_only: ['Cash only: payment before delivery', '仅限现款：款到发货'],
  unlimited: ['No upper limit', '不限额'],

  limit: ['Limit', '额度'],
  exposure: ['Exposure', '敞口'],
  paid_ahead: ['Paid ahead', '预付余额'],
  available: ['Available', '可用信用'],
  over_short: ['Over the limit', '超出额度'],
  limit_none: ['None set', '未设定'],
  limit_cash_only: ['Cash only', '仅限现款'],
  limit_unlimited: ['Unlimited', '不限额'],
  used: ['{share} used', '已用 {share}'],
  used_with: ['{share} used with this one', '加上本单已用 {share}'],
  bar: [
    '{exposure} of a limit of {limit} is used, {share}.',
    '额度 {limit}，已用 {exposure}，占 {share}。',
  ],
  bar_order: [
    '{exposure} of a limit of {limit} is used; with this one it would be {share}.',
    '额度 {limit}，已用 {exposure}；加上本单为 {share}。',
  ],

  ageing: ['What is owed, by days overdue', '应收账款账龄（逾期天数）'],
  nothing_owed: ['Nothing is owed.', '没有未付款项。'],
  bucket_current: ['Not yet due', '未到期'],
  bucket_range: ['{from}–{to} days', '{from}–{to} 天'],
  bucket_over: ['Over {from} days', '{from} 天以上'],
  overdue: ['{amount} overdue', '逾期 {amount}'],
  oldest_late: [
    'The oldest undisputed invoice was due on {date}: {days} days ago.',
    '最早的无争议未付发票已于 {date} 到期：逾期 {days} 天。',
  ],
  oldest_late_one: [
    'The oldest undisputed invoice was due on {date}: yesterday.',
    '最早的无争议未付发票已于 {date} 到期：逾期 1 天。',
  ],
  oldest_today: ['The oldest undisputed invoice is due today.', '最早的无争议未付发票今天到期。'],
  oldest_ahead: ['The next invoice is due on {date}.', '下一张发票 {date} 到期。'],
  oldest_disputed: [
    'Only disputed invoices are overdue; the next other one is due on {date}.',
    '逾期的均为争议发票；其余最近一张 {date} 到期。',
  ],

  why: ['Why', '原因'],
  help_green: ['What would turn it green again', '如何恢复绿灯'],
  help: ['What would help', '如何改善'],

  next_review: ['Next review: {date}', '下次复审：{date}'],
  review_due: ['Review was due on {date}', '复审已于 {date} 到期'],
  updated: ['Updated {age}', '{age}更新'],
  age_unknown: ['Age of the data not known', '数据更新时间未知'],
  stale: ['These figures may be out of date', '数据可能已过时'],
  stale_advice: [
    'The last complete update was {age} ({moment}). Ask credit control before you rely on them.',
    '最近一次完整更新在{age}（{moment}）。使用前请先向信控确认。',
  ],

  no_access: ['You cannot see the credit fields', '您无权查看信用字段'],
  no_access_advice: [
    'Ask your Salesforce administrator for the permission set “CreditFlag Reader”.',
    '请联系 Salesforce 管理员分配权限集“CreditFlag Reader”。',
  ],
  no_account: ['No account is linked yet', '尚未关联客户'],
  no_account_advice: ['Choose the account to see its credit.', '选择客户后即可查看其信用情况。'],
  failed: ['The credit fields could not be read', '无法读取信用字段'],
  failed_advice: [
    'Try again; if it stays so, tell your Salesforce administrator: {message}',
    '请重试；如仍失败，请告知 Salesforce 管理员：{message}',
  ],

  this_Order: ['This order', '此订单'],
  this_Opportunity: ['This opportunity', '此商机'],
  needs_left: ['{this} needs {amount}, {left} is left.', '{this}需要 {amount}，剩余 {left}。'],
  needs_over: [
    '{this} needs {amount}, {left} is left: {short} too little.',
    '{this}需要 {amount}，剩余 {left}：还差 {short}。',
  ],
  needs_none: [
    '{this} needs {amount}, but the limit is already exceeded by {over}.',
    '{this}需要 {amount}，但额度已超出 {over}。',
  ],
  needs_cash: [
    '{this} needs {amount}: this customer pays before delivery.',
    '{this}需要 {amount}：该客户须款到发货。',
  ],
  needs_no_limit: [
    '{this} needs {amount}, but no credit limit is set.',
    '{this}需要 {amount}，但尚未设定信用额度。',
  ],
  needs_unlimited: [
    '{this} needs {amount}; this customer has no upper limit.',
    '{this}需要 {amount}；该客户不限额。',
  ],
  needs_other_currency: [
    '{this} is in {currency} ({amount}), the limit in {limitCurrency}: ask credit control whether it fits.',
    '{this}以 {currency} 计价（{amount}），额度币种为 {limitCurrency}：请向信控确认是否足够。',
  ],
  counted: [
    '{this} is activated: it does not come on top of the exposure.',
    '{this}已激活，不再另外计入敞口。',
  ],
};

// Records as lightning/uiRecordApi gives them.

export const NOW = Date.parse('2026-03-31T12:00:00Z');

const AGEING = {
  buckets: [
    ['current', '412000.00'],
    ['1_30', '150300.00'],
    ['31_60', '64000.00'],
    ['61_90', '0.00'],
    ['91_120', '0.00'],
    ['over_120', '41250.75'],
  ],
};
const REASONS = [
  {
    code: 'oldest_overdue',
    params: { due_date: '2025-10-31', threshold: '30 d' },
    remedy: 'pay_items',
    remedy_params: {
      due_on_or_before: '2026-02-28',
      count: '3',
      total: '128400.50',
      currency: 'EUR',
      result: { score: '71', grade: 'B', hold: 'false', colour: 'green', flags: 'near_limit' },
    },
  },
  { code: 'over_limit', params: { threshold: '100 %', state: 'amount' } },
];

export const HELD = {
  Credit_Light__c: 'red',
  Credit_Grade__c: 'D',
  Credit_Score__c: 31,
  Credit_Hold__c: true,
  Credit_Limit_State__c: 'amount',
  Credit_Limit__c: 600000,
  Credit_Exposure__c: 720000,
  Credit_Available__c: -120000,
  Credit_Overdue__c: 255550.75,
  Credit_Currency__c: 'EUR',
  Credit_Oldest_Due__c: '2025-10-31',
  Credit_Next_Review__c: '2026-04-30',
  Credit_Ageing__c: JSON.stringify(AGEING),
  Credit_Reasons__c: JSON.stringify(REASONS),
  Credit_Reason_Text__c: 'Overdue.',
  Credit_Refreshed_At__c: '2026-03-31T10:00:00.000+0000',
};
export const GREEN = {
  ...HELD,
  Credit_Light__c: 'green',
  Credit_Grade__c: 'A',
  Credit_Score__c: 92,
  Credit_Hold__c: false,
  Credit_Exposure__c: 210000,
  Credit_Available__c: 390000,
  Credit_Overdue__c: 0,
  Credit_Oldest_Due__c: '2026-04-12',
  Credit_Reasons__c: '[]',
  Credit_Reason_Text__c: null,
};
export const NEVER_SCORED = Object.fromEntries(Object.keys(HELD).map((name) => [name, null]));

const cells = (values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, displayValue: null }]),
  );

/** An account with these field values. */
export function accountOf(values) {
  return { apiName: 'Account', id: '001000000000001AAA', fields: cells(values) };
}

/** An order or opportunity with its own values and its account's. */
export function dealOf(apiName, own, values) {
  const fields = cells({ AccountId: '001000000000001AAA', ...own });
  const account = values && { displayValue: null, value: accountOf(values) };
  return {
    apiName,
    id: '801000000000001AAA',
    fields: account ? { ...fields, Account: account } : fields,
  };
}

/** Text of an element and of all shadows in it, one line a block. */
export function textOf(node) {
  const parts = [];
  const walk = (at) => {
    if (at.nodeType === 3) {
      parts.push(at.data.trim());
    }
    at.childNodes.forEach(walk);
    if (at.shadowRoot) {
      walk(at.shadowRoot);
    }
  };
  walk(node.shadowRoot ?? node);
  return parts.filter(Boolean).join('\n');
}

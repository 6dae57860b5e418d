// What a record says about the customer's credit: field values in, plain facts out.
import AGEING from '@salesforce/schema/Account.Credit_Ageing__c';
import AVAILABLE from '@salesforce/schema/Account.Credit_Available__c';
import CURRENCY from '@salesforce/schema/Account.Credit_Currency__c';
import EXPOSURE from '@salesforce/schema/Account.Credit_Exposure__c';
import GRADE from '@salesforce/schema/Account.Credit_Grade__c';
import HOLD from '@salesforce/schema/Account.Credit_Hold__c';
import LIGHT from '@salesforce/schema/Account.Credit_Light__c';
import LIMIT from '@salesforce/schema/Account.Credit_Limit__c';
import LIMIT_STATE from '@salesforce/schema/Account.Credit_Limit_State__c';
import NEXT_REVIEW from '@salesforce/schema/Account.Credit_Next_Review__c';
import OLDEST_DUE from '@salesforce/schema/Account.Credit_Oldest_Due__c';
import OVERDUE from '@salesforce/schema/Account.Credit_Overdue__c';
import REASON_TEXT from '@salesforce/schema/Account.Credit_Reason_Text__c';
import REASONS from '@salesforce/schema/Account.Credit_Reasons__c';
import REFRESHED_AT from '@salesforce/schema/Account.Credit_Refreshed_At__c';
import SCORE from '@salesforce/schema/Account.Credit_Score__c';
import STALE_AFTER from '@salesforce/schema/Account.Credit_Stale_After_Hours__c';

export { judge, useOfLimit } from './verdict';

const FIELDS = {
  light: LIGHT,
  grade: GRADE,
  score: SCORE,
  hold: HOLD,
  limitState: LIMIT_STATE,
  limit: LIMIT,
  exposure: EXPOSURE,
  available: AVAILABLE,
  currency: CURRENCY,
  refreshedAt: REFRESHED_AT,
  staleAfterHours: STALE_AFTER,
};
const FIELDS_OF_PANEL = {
  overdue: OVERDUE,
  oldestDue: OLDEST_DUE,
  nextReview: NEXT_REVIEW,
  ageing: AGEING,
  reasons: REASONS,
  reasonText: REASON_TEXT,
};
const MOST_REASONS = 5;
const LIGHTS = ['green', 'amber', 'red', 'grey'];
const LIMIT_STATES = ['none', 'cash_only', 'unlimited', 'amount'];

const OWN_FIELDS = {
  Order: ['TotalAmount', 'StatusCode'],
  Opportunity: ['Amount', 'IsClosed'],
};

/** Fields of the account page, for `optionalFields`: one that a reader may not see fails nothing. */
export const ACCOUNT_FIELDS = Object.values({ ...FIELDS, ...FIELDS_OF_PANEL });

/**
 * Fields of an order or opportunity page: the customer's through the account, and its own amount.
 *
 * Named by text, because an org may have orders switched off, and a component that imports a field
 * of theirs could not be deployed there.
 */
export function fieldsThrough(objectApiName) {
  const own = ['AccountId', 'CurrencyIsoCode', ...(OWN_FIELDS[objectApiName] ?? [])];
  return [
    ...own.map((name) => `${objectApiName}.${name}`),
    ...Object.values(FIELDS).map((field) => `${objectApiName}.Account.${field.fieldApiName}`),
  ];
}

/**
 * Facts about the customer from a record's fields; undefined = not visible, null = empty.
 *
 * `visible` is false when the reader may not see the light. Values that are not what we write
 * (hand-made JSON, an unknown light) are left out.
 */
export function readCredit(fields) {
  const facts = {};
  for (const [name, field] of Object.entries({ ...FIELDS, ...FIELDS_OF_PANEL })) {
    facts[name] = valueOf(fields, field.fieldApiName);
  }
  facts.visible = facts.light !== undefined;
  facts.light = oneOf(LIGHTS, facts.light);
  if (facts.limitState !== undefined) {
    facts.limitState = oneOf(LIMIT_STATES, facts.limitState) ?? 'none';
  }
  facts.ageing = readAgeing(facts.ageing);
  facts.reasons = readReasons(facts.reasons);
  return facts;
}

/** The order or opportunity itself: amount and currency, and whether the exposure holds it already. */
export function readDeal(record) {
  const { fields } = record;
  const account = valueOf(fields, 'Account');
  const isOrder = record.apiName === 'Order';
  return {
    kind: isOrder ? 'Order' : 'Opportunity',
    hasAccount: valueOf(fields, 'AccountId') !== null,
    credit: readCredit(account?.fields ?? {}),
    accountId: valueOf(fields, 'AccountId'),
    amount: valueOf(fields, isOrder ? 'TotalAmount' : 'Amount'),
    currency: valueOf(fields, 'CurrencyIsoCode'),
    // Activated orders are part of the exposure; an opportunity never is before it is an order.
    counted: isOrder && ![undefined, null, 'Draft'].includes(valueOf(fields, 'StatusCode')),
    closed: !isOrder && valueOf(fields, 'IsClosed') === true,
  };
}

function valueOf(fields, name) {
  return Object.prototype.hasOwnProperty.call(fields, name) ? fields[name].value : undefined;
}

function oneOf(words, value) {
  const word = String(value ?? '').toLowerCase();
  return words.includes(word) ? word : null;
}

function objectOr(value, otherwise) {
  return value && typeof value === 'object' && !Array.isArray(value) ? value : otherwise;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readAgeing(text) {
  const buckets = parse(text)?.buckets;
  if (!Array.isArray(buckets)) {
    return [];
  }
  return buckets
    .filter((pair) => Array.isArray(pair) && /^(current|\d+_\d+|over_\d+)$/.test(pair[0]))
    .map(([name, amount]) => ({ name, amount: Number(amount) }))
    .filter(({ amount }) => Number.isFinite(amount));
}

function readReasons(text) {
  const reasons = parse(text);
  if (!Array.isArray(reasons)) {
    return [];
  }
  return reasons
    .filter((reason) => typeof reason?.code === 'string')
    .slice(0, MOST_REASONS)
    .map(({ code, params, remedy, remedy_params: remedyParams }) => ({
      code,
      params: objectOr(params, {}),
      remedy: typeof remedy === 'string' ? remedy : null,
      remedyParams: objectOr(remedyParams, {}),
    }));
}

import { createElement } from 'lwc';
import { getRecord, notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import CreditRiskBadge from 'c/creditRiskBadge';
import { dealOf, GREEN, HELD, NEVER_SCORED, NOW, textOf } from 'test/records';

const ORDER = { TotalAmount: 12000, StatusCode: 'Draft', CurrencyIsoCode: 'EUR' };
const OPPORTUNITY = { Amount: 12000, IsClosed: false, CurrencyIsoCode: 'EUR' };
const LITTLE_LEFT = { ...GREEN, Credit_Exposure__c: 596000, Credit_Available__c: 4000 };
const settle = () => Promise.resolve();
const bar = (badge) => badge.shadowRoot.querySelector('c-credit-bar');
const fit = (badge) => badge.shadowRoot.querySelector('.fit');
const verdict = (badge) => badge.shadowRoot.querySelector('c-credit-verdict');

function place(objectApiName = 'Order') {
  const badge = createElement('c-credit-risk-badge', { is: CreditRiskBadge });
  Object.assign(badge, { recordId: '801000000000001AAA', objectApiName });
  document.body.appendChild(badge);
  return badge;
}

async function show(kind, own, values) {
  const badge = place(kind);
  getRecord.emit(dealOf(kind, own, values));
  await settle();
  return badge;
}

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

afterEach(() => {
  document.body.replaceChildren();
  jest.restoreAllMocks();
});

it.each([
  ['Order', ORDER, GREEN, 'This order needs €12,000, €390,000 is left.', false],
  [
    'Order',
    ORDER,
    LITTLE_LEFT,
    'This order needs €12,000, €4,000 is left: €8,000 too little.',
    true,
  ],
  [
    'Opportunity',
    OPPORTUNITY,
    LITTLE_LEFT,
    'This opportunity needs €12,000, €4,000 is left: €8,000 too little.',
    true,
  ],
  [
    'Order',
    ORDER,
    HELD,
    'This order needs €12,000, but the limit is already exceeded by €120,000.',
    true,
  ],
  [
    'Order',
    ORDER,
    { ...GREEN, Credit_Limit_State__c: 'cash_only', Credit_Available__c: -1 },
    'This order needs €12,000: this customer pays before delivery.',
    false,
  ],
  [
    'Order',
    ORDER,
    { ...GREEN, Credit_Limit_State__c: null, Credit_Available__c: null },
    'This order needs €12,000, but no credit limit is set.',
    false,
  ],
  [
    'Order',
    ORDER,
    { ...GREEN, Credit_Limit_State__c: 'unlimited', Credit_Available__c: null },
    'This order needs €12,000; this customer has no upper limit.',
    false,
  ],
  [
    'Order',
    { ...ORDER, CurrencyIsoCode: 'JPY', TotalAmount: 900000 },
    GREEN,
    'This order is in JPY (¥900,000), the limit in EUR: ask credit control whether it fits.',
    false,
  ],
])('%s %j', async (kind, own, values, sentence, isShort) => {
  const badge = await show(kind, own, values);
  expect(fit(badge).textContent).toBe(sentence);
  expect(fit(badge).className.includes('fit-short')).toBe(isShort);
});

it('puts the order on top of the exposure in the bar', async () => {
  const badge = await show('Order', { ...ORDER, TotalAmount: 90000 }, GREEN);
  expect(bar(badge).bar).toMatchObject({ usedStyle: 'width: 35.00%', addedStyle: 'width: 15.00%' });
  expect(bar(badge).bar.label).toBe(
    '€210,000 of a limit of €600,000 is used; with this one it would be 50%.',
  );
});

it('does not count an activated order twice', async () => {
  const badge = await show('Order', { ...ORDER, StatusCode: 'Activated' }, GREEN);
  expect(fit(badge).textContent).toBe(
    'This order is activated: it does not come on top of the exposure.',
  );
  expect(bar(badge).bar.addedStyle).toBe('width: 0.00%');
});

it('weighs no closed opportunity and no empty amount', async () => {
  const closed = await show('Opportunity', { ...OPPORTUNITY, IsClosed: true }, GREEN);
  expect(fit(closed)).toBeNull();
  const empty = await show('Opportunity', { ...OPPORTUNITY, Amount: null }, GREEN);
  expect(fit(empty)).toBeNull();
  expect(bar(empty).bar.addedStyle).toBe('width: 0.00%');
});

it("takes the reader's currency where the org has only one", async () => {
  const own = { TotalAmount: 12000, StatusCode: 'Draft' };
  const badge = await show('Order', own, { ...GREEN, Credit_Currency__c: null });
  expect(fit(badge).textContent).toBe('This order needs $12,000, $390,000 is left.');
});

it('tells hold, grade and what is left in words', async () => {
  const badge = await show('Order', ORDER, HELD);
  expect(textOf(verdict(badge)).split('\n')).toEqual(
    expect.arrayContaining([
      'On hold: take no new orders',
      '€120,000 over the limit',
      'Red',
      'Grade D',
    ]),
  );
});

it('warns of old figures', async () => {
  const old = { ...GREEN, Credit_Refreshed_At__c: '2026-03-20T00:00:00.000+0000' };
  const badge = await show('Order', ORDER, old);
  expect(textOf(badge)).toContain('These figures may be out of date');
});

it.each([
  ['an account that was never scored', ORDER, NEVER_SCORED, 'No credit check yet'],
  ['fields that are not visible', ORDER, { Name: 'x' }, 'You cannot see the credit fields'],
  ['an account that is not visible', ORDER, null, 'You cannot see the credit fields'],
  ['no account', { ...ORDER, AccountId: null }, null, 'No account is linked yet'],
])('%s', async (_, own, values, headline) => {
  const badge = await show('Order', own, values);
  expect(textOf(badge)).toContain(headline);
  expect(fit(badge)).toBeNull();
  expect(bar(badge)).toBeNull();
});

it('is busy while it loads, and says what went wrong', async () => {
  const badge = place();
  expect(badge.shadowRoot.querySelector('[aria-busy="true"]')).not.toBeNull();
  getRecord.error([{ message: 'No such record' }], 404, 'Not Found');
  await settle();
  expect(textOf(badge)).toContain('tell your Salesforce administrator: No such record');
});

it.each([
  ['Order', ['Order.TotalAmount', 'Order.StatusCode']],
  ['Opportunity', ['Opportunity.Amount', 'Opportunity.IsClosed']],
])('asks %s for the credit fields through the account', async (kind, own) => {
  await show(kind, {}, GREEN);
  const { optionalFields, fields } = getRecord.getLastConfig();
  expect(fields).toBeUndefined();
  expect(optionalFields).toEqual(
    expect.arrayContaining([...own, `${kind}.AccountId`, `${kind}.Account.Credit_Light__c`]),
  );
});

it('reads record and account again on request', async () => {
  const badge = await show('Order', ORDER, GREEN);
  badge.shadowRoot.querySelector('lightning-button-icon').click();
  await settle();
  expect(notifyRecordUpdateAvailable).toHaveBeenCalledWith([
    { recordId: '801000000000001AAA' },
    { recordId: '001000000000001AAA' },
  ]);
});

import { createElement } from 'lwc';
import { getRecord, notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import CreditRiskPanel from 'c/creditRiskPanel';
import { accountOf, GREEN, HELD, NEVER_SCORED, NOW, textOf } from 'test/records';

const settle = () => Promise.resolve();
const part = (panel, name) => panel.shadowRoot.querySelector(`[data-part="${name}"]`);
const verdict = (panel) => panel.shadowRoot.querySelector('c-credit-verdict');
const tone = (panel) => verdict(panel).shadowRoot.querySelector('[data-tone]').dataset.tone;
const figure = (panel, key) =>
  panel.shadowRoot.querySelector(`[data-figure="${key}"] dd`)?.textContent ?? null;
const bar = (panel) => panel.shadowRoot.querySelector('c-credit-bar');

function place(properties = {}) {
  const panel = createElement('c-credit-risk-panel', { is: CreditRiskPanel });
  Object.assign(panel, { recordId: '001000000000001AAA', ...properties });
  document.body.appendChild(panel);
  return panel;
}

async function show(values, properties) {
  const panel = place(properties);
  getRecord.emit(accountOf(values));
  await settle();
  return panel;
}

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

afterEach(() => {
  document.body.replaceChildren();
  jest.restoreAllMocks();
});

describe('what a rep sees first', () => {
  it.each([
    ['green', GREEN, 'Good to sell', '€390,000 of credit is left'],
    [
      'amber',
      { ...GREEN, Credit_Light__c: 'amber' },
      'Sell with care',
      '€390,000 of credit is left',
    ],
    [
      'red',
      { ...HELD, Credit_Hold__c: false },
      'Ask credit control before you sell',
      '€120,000 over the limit',
    ],
    ['hold', HELD, 'On hold: take no new orders', '€120,000 over the limit'],
    [
      'grey',
      { ...GREEN, Credit_Light__c: 'grey', Credit_Grade__c: null, Credit_Score__c: null },
      'Too little is known: ask credit control',
      '€390,000 of credit is left',
    ],
  ])('%s', async (expected, values, headline, left) => {
    const panel = await show(values);
    expect(tone(panel)).toBe(expected);
    const text = textOf(verdict(panel));
    expect(text).toContain(headline);
    expect(text).toContain(left);
    const icon = verdict(panel).shadowRoot.querySelector('lightning-icon');
    expect(icon.iconName).toMatch(/^utility:\w+$/);
  });

  it('says the light, grade and score in words', async () => {
    const panel = await show(HELD);
    expect(verdict(panel).verdict.chips).toEqual(['Red', 'Grade D', 'Score 31']);
  });

  it('keeps amber apart from the hold that somebody set', async () => {
    const panel = await show({ ...GREEN, Credit_Light__c: 'amber', Credit_Hold__c: true });
    expect(tone(panel)).toBe('hold');
    expect(verdict(panel).verdict.chips[0]).toBe('Amber');
  });

  it('says that a never scored account has no check yet, and shows no figures', async () => {
    const panel = await show(NEVER_SCORED);
    expect(tone(panel)).toBe('none');
    expect(textOf(panel)).toContain('No credit check yet');
    expect(part(panel, 'limit')).toBeNull();
  });

  it('takes a light it does not know for none', async () => {
    const panel = await show({ ...GREEN, Credit_Light__c: '<b>purple</b>' });
    expect(tone(panel)).toBe('none');
    expect(textOf(panel)).not.toContain('purple');
  });
});

describe('how much', () => {
  it('draws the exposure within the limit', async () => {
    const panel = await show(GREEN);
    expect(bar(panel).bar).toMatchObject({
      usedStyle: 'width: 35.00%',
      overStyle: 'width: 0.00%',
      markStyle: null,
      share: '35% used',
    });
    expect(figure(panel, 'available')).toBe('€390,000');
  });

  it('shows honestly what is beyond the limit', async () => {
    const panel = await show(HELD);
    expect(bar(panel).bar).toMatchObject({
      usedStyle: 'width: 83.33%',
      overStyle: 'width: 16.67%',
      markStyle: 'left: 83.33%',
      share: '120% used',
      label: '€720,000 of a limit of €600,000 is used, 120%.',
    });
    const read = bar(panel).shadowRoot.querySelector('[role="img"]');
    expect(read.getAttribute('aria-label')).toBe('€720,000 of a limit of €600,000 is used, 120%.');
  });

  it.each([
    ['none', 'No credit limit is set', 'None set'],
    ['cash_only', 'Cash only: payment before delivery', 'Cash only'],
    ['unlimited', 'No upper limit', 'Unlimited'],
  ])('limit state %s has no bar and no amount left', async (state, headline, shown) => {
    const panel = await show({
      ...GREEN,
      Credit_Limit_State__c: state,
      Credit_Limit__c: null,
      Credit_Available__c: state === 'cash_only' ? -210000 : null,
    });
    expect(textOf(verdict(panel))).toContain(headline);
    expect(figure(panel, 'limit')).toBe(shown);
    expect(figure(panel, 'exposure')).toBe('€210,000');
    expect(figure(panel, 'available')).toBeNull();
    expect(bar(panel)).toBeNull();
  });

  it('keeps an empty amount apart from zero', async () => {
    const panel = await show({ ...GREEN, Credit_Exposure__c: null, Credit_Available__c: null });
    expect(figure(panel, 'exposure')).toBeNull();
    expect(bar(panel)).toBeNull();
    const zero = await show({ ...GREEN, Credit_Exposure__c: 600000, Credit_Available__c: 0 });
    expect(figure(zero, 'available')).toBe('€0');
    expect(textOf(verdict(zero))).toContain('Nothing is left of the limit');
  });

  it('shows a customer in credit without a bar below zero', async () => {
    const panel = await show({ ...GREEN, Credit_Exposure__c: -48000, Credit_Available__c: 648000 });
    expect(figure(panel, 'exposure')).toBe('€48,000');
    expect(textOf(part(panel, 'limit'))).toContain('Paid ahead');
    expect(bar(panel).bar.usedStyle).toBe('width: 0.00%');
  });

  it('writes the amount of a currency that is none', async () => {
    const panel = await show({ ...GREEN, Credit_Currency__c: '€' });
    expect(figure(panel, 'limit')).toBe('€ 600,000');
  });
});

describe('ageing', () => {
  it('has a bar for each bucket in proportion', async () => {
    const panel = await show(HELD);
    const rows = [...panel.shadowRoot.querySelectorAll('[data-bucket]')];
    expect(rows.map((row) => textOf(row).split('\n'))).toEqual([
      ['Not yet due', '€412,000'],
      ['1–30 days', '€150,300'],
      ['31–60 days', '€64,000'],
      ['61–90 days', '–'],
      ['91–120 days', '–'],
      ['Over 120 days', '€41,251'],
    ]);
    const widths = rows.map((row) => row.querySelector('.age-bar').getAttribute('style'));
    expect(widths.map((style) => Number(style.match(/[\d.]+/)[0]))).toEqual([
      100, 36.48, 15.53, 0, 0, 10.01,
    ]);
  });

  it.each([
    ['2025-10-31', 'The oldest undisputed invoice was due on Oct 31, 2025: 151 days ago.'],
    ['2026-03-30', 'The oldest undisputed invoice was due on Mar 30, 2026: yesterday.'],
    ['2026-03-31', 'The oldest undisputed invoice is due today.'],
    [
      '2026-04-12',
      'Only disputed invoices are overdue; the next other one is due on Apr 12, 2026.',
    ],
  ])('counts the days since %s in the browser', async (due, sentence) => {
    const panel = await show({ ...HELD, Credit_Oldest_Due__c: due });
    expect(part(panel, 'oldest').textContent.trim()).toBe(sentence);
  });

  it.each([
    [
      'says that nothing is owed',
      {
        buckets: [
          ['current', '0'],
          ['over_120', '0.00'],
        ],
      },
      true,
    ],
    ['leaves out what is no ageing', { buckets: [['<i>', '5'], ['1_30', 'much'], 7] }, false],
    ['leaves out what is no object', 'text', false],
  ])('%s', async (_, ageing, isEmpty) => {
    const panel = await show({ ...HELD, Credit_Ageing__c: JSON.stringify(ageing) });
    expect(panel.shadowRoot.querySelectorAll('[data-bucket]')).toHaveLength(0);
    expect(textOf(panel).includes('Nothing is owed.')).toBe(isEmpty);
  });
});

describe('why, and what would help', () => {
  it('tells reasons and the way back to green', async () => {
    const panel = await show(HELD);
    expect(textOf(part(panel, 'why')).split('\n')).toEqual([
      'Why',
      'An invoice due on Oct 31, 2025 is still unpaid (more than 30 days late).',
      'More than 100 % of the credit limit is used.',
    ]);
    expect(textOf(part(panel, 'help')).split('\n')).toEqual([
      'What would turn it green again',
      'Pay €128,400.50: what was due by Feb 28, 2026 (invoices: 3).',
      'Green',
      '· Then: score 71, grade B, no hold, flags Close to the limit.',
    ]);
  });

  it('promises no green where the remedy gives none', async () => {
    const values = {
      ...HELD,
      Credit_Reasons__c: HELD.Credit_Reasons__c.replace('"green"', '"amber"'),
    };
    const panel = await show(values);
    expect(textOf(part(panel, 'help'))).toMatch(/^What would help\n/);
  });

  it('speaks of no way back where it is green already', async () => {
    const panel = await show({ ...GREEN, Credit_Reasons__c: HELD.Credit_Reasons__c });
    expect(textOf(part(panel, 'help'))).toMatch(/^What would help\n/);
  });

  it('names the cheaper of two ways to the same end, and only ways to green if there is one', async () => {
    const [reason] = JSON.parse(HELD.Credit_Reasons__c);
    const paying = (total, result) => ({
      ...reason,
      remedy_params: {
        ...reason.remedy_params,
        total,
        result: { ...reason.remedy_params.result, ...result },
      },
    });
    const stored = [
      paying('900.00', {}),
      paying('700.00', {}),
      paying('500.00', { colour: 'amber', score: '60' }),
    ];
    const panel = await show({ ...HELD, Credit_Reasons__c: JSON.stringify(stored) });
    const lines = textOf(part(panel, 'help')).split('\n');
    expect(lines.filter((line) => line.startsWith('Pay'))).toEqual([
      'Pay €700: what was due by Feb 28, 2026 (invoices: 3).',
    ]);
  });

  it('leaves out what sets the proposed limit, which is not shown', async () => {
    const stored = [
      { code: 'limit_use', params: { metric: 'utilisation', bin: '60 % – 80 %' } },
      { code: 'limit_blend', params: {} },
    ];
    const panel = await show({ ...HELD, Credit_Reasons__c: JSON.stringify(stored) });
    expect(textOf(part(panel, 'why'))).toBe('Why\nUsed part of the credit limit: 60 % – 80 %.');
  });

  it.each(['{', 'null', '[1, {"code": 7}, null]', '{"code": "x"}', null])(
    'falls back to the written reasons when the data are %s',
    async (stored) => {
      const panel = await show({ ...HELD, Credit_Reasons__c: stored });
      expect(textOf(part(panel, 'why'))).toBe('Why\nOverdue.');
      expect(part(panel, 'help')).toBeNull();
    },
  );
});

describe('age of the data', () => {
  it('is said in words', async () => {
    const panel = await show(GREEN);
    expect(textOf(part(panel, 'footer'))).toBe('Next review: Apr 30, 2026\nUpdated 2 hours ago');
    expect(verdict(panel).stale).toBeNull();
  });

  it.each([
    ['the property', {}, '2026-03-30T09:00:00.000+0000', true],
    ['the property', {}, '2026-03-30T11:00:00.000+0000', false],
    ['the heartbeat', { Credit_Stale_After_Hours__c: 12 }, '2026-03-30T23:00:00.000+0000', true],
    ['the heartbeat', { Credit_Stale_After_Hours__c: 72 }, '2026-03-29T12:00:00.000+0000', false],
  ])('is warned about beyond the hours of %s', async (_, more, refreshed, isStale) => {
    const panel = await show({ ...GREEN, ...more, Credit_Refreshed_At__c: refreshed });
    expect(Boolean(verdict(panel).stale)).toBe(isStale);
    expect(textOf(verdict(panel)).includes('These figures may be out of date')).toBe(isStale);
  });

  it('says when nothing tells it', async () => {
    const panel = await show({ ...GREEN, Credit_Refreshed_At__c: null });
    expect(textOf(part(panel, 'footer'))).toContain('Age of the data not known');
  });

  it('says that a review is late', async () => {
    const panel = await show({ ...GREEN, Credit_Next_Review__c: '2026-03-01' });
    expect(textOf(part(panel, 'footer'))).toContain('Review was due on Mar 1, 2026');
  });

  it('moves on when somebody comes back to an open page', async () => {
    const panel = await show(GREEN);
    Date.now.mockReturnValue(NOW + 40 * 3_600_000);
    document.dispatchEvent(new CustomEvent('visibilitychange'));
    await settle();
    expect(textOf(verdict(panel))).toContain('These figures may be out of date');
  });
});

describe('without figures', () => {
  it('is busy while it loads', () => {
    const panel = place();
    expect(panel.shadowRoot.querySelector('[aria-busy="true"]')).not.toBeNull();
    expect(textOf(panel)).toContain('Loading customer credit');
  });

  it('says whom to ask when the fields are not visible', async () => {
    const panel = await show({ Name: 'Example' });
    expect(textOf(panel)).toContain('You cannot see the credit fields');
    expect(textOf(panel)).toContain('permission set “CreditFlag Reader”');
  });

  it('leaves out the parts whose fields are not visible', async () => {
    const { Credit_Light__c, Credit_Grade__c, Credit_Hold__c } = GREEN;
    const panel = await show({ Credit_Light__c, Credit_Grade__c, Credit_Hold__c });
    expect(verdict(panel).verdict.chips).toEqual(['Green', 'Grade A']);
    expect(verdict(panel).verdict.left).toBeNull();
    expect(part(panel, 'ageing')).toBeNull();
    expect(figure(panel, 'limit')).toBeNull();
  });

  it('says what Salesforce answered to a failed read', async () => {
    const panel = place();
    getRecord.error({ message: 'Server too busy' }, 503, 'Service Unavailable');
    await settle();
    expect(textOf(panel)).toContain('The credit fields could not be read');
    expect(textOf(panel)).toContain('tell your Salesforce administrator: Server too busy');
  });
});

it('asks for the fields as optional, so that one which is not visible fails nothing', async () => {
  await show(GREEN);
  const { fields, optionalFields, recordId } = getRecord.getLastConfig();
  expect(recordId).toBe('001000000000001AAA');
  expect(fields).toBeUndefined();
  const names = optionalFields.map((field) => field.fieldApiName ?? field);
  expect(names).toEqual(
    expect.arrayContaining([...Object.keys(HELD), 'Credit_Stale_After_Hours__c']),
  );
});

it('reads again on request, and says so', async () => {
  const panel = await show(GREEN);
  panel.shadowRoot.querySelector('lightning-button-icon').click();
  await settle();
  await settle();
  await settle();
  expect(notifyRecordUpdateAvailable).toHaveBeenCalledWith([{ recordId: '001000000000001AAA' }]);
  const status = panel.shadowRoot.querySelector('[role="status"]');
  expect(status.textContent).toBe('The credit fields were read again.');
});

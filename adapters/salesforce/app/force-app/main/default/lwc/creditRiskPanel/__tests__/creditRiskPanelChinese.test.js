import { createElement } from 'lwc';
import { getRecord } from 'lightning/uiRecordApi';
import CreditRiskPanel from 'c/creditRiskPanel';
import { accountOf, GREEN, HELD, NEVER_SCORED, NOW, textOf } from 'test/records';

jest.mock('@salesforce/i18n/lang', () => ({ default: 'zh-CN' }), { virtual: true });
jest.mock('@salesforce/i18n/locale', () => ({ default: 'zh-CN' }), { virtual: true });
jest.mock('@salesforce/i18n/timeZone', () => ({ default: 'Asia/Shanghai' }), { virtual: true });

async function show(values) {
  const panel = createElement('c-credit-risk-panel', { is: CreditRiskPanel });
  panel.recordId = '001000000000001AAA';
  document.body.appendChild(panel);
  getRecord.emit(accountOf(values));
  await Promise.resolve();
  return textOf(panel);
}

beforeEach(() => {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
});

afterEach(() => {
  document.body.replaceChildren();
  jest.restoreAllMocks();
});

it.each([
  ['绿灯', GREEN, '可以正常销售'],
  ['黄灯', { ...GREEN, Credit_Light__c: 'amber' }, '谨慎销售'],
  ['红灯', { ...HELD, Credit_Hold__c: false }, '销售前请先联系信控'],
  ['红灯', HELD, '已冻结：暂不接受新订单'],
  ['灰灯', { ...GREEN, Credit_Light__c: 'grey' }, '信息不足，请先联系信控'],
])('the reader of Chinese reads %s', async (light, values, headline) => {
  const text = await show(values);
  expect(text).toContain(light);
  expect(text).toContain(headline);
});

it('amounts, dates, reasons and the way back are Chinese, too', async () => {
  const text = await show({ ...HELD, Credit_Currency__c: 'CNY' });
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      '超出额度 ¥120,000',
      '2025年10月31日到期的发票仍未付款（逾期超过 30 天）。',
      '如何恢复绿灯',
      '1–30 天',
      '120 天以上',
      '逾期 ¥255,551',
      '最早的无争议未付发票已于 2025年10月31日 到期：逾期 151 天。',
      '下次复审：2026年4月30日',
      '2小时前更新',
    ]),
  );
});

it.each([
  ['on hold', HELD],
  ['green', GREEN],
  ['never scored', NEVER_SCORED],
  ['not visible', { Name: 'x' }],
])('no English word is left but names: %s', async (_, values) => {
  const text = await show({ ...values, Credit_Currency__c: values.Credit_Currency__c && 'CNY' });
  expect(text.replace('CreditFlag Reader', '').replace('Salesforce', '')).not.toMatch(
    /[A-Za-z]{3}/,
  );
});

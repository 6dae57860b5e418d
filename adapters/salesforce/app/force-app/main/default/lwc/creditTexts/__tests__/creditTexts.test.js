import { fill, makeReader, reasonText, remedyText, word } from 'c/creditTexts';
import sentences from 'test/sentences.json';
import * as messages from '../messages';
import { WORDS } from '../words';

const BERLIN = { lang: 'de', locale: 'de-DE', timeZone: 'Europe/Berlin', currency: 'EUR' };
const parameters = (template) =>
  [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

/** Writes dates and amounts as the credit room was told to for this comparison. */
const plainReader = (language) => ({
  language,
  date: (day) => day,
  money: (amount, currency) => `${currency} ${amount}`,
});

it.each(sentences.reasons)('$language $code is said as the credit room says it', (given) => {
  const params = { ...sentences.values, ...given.params };
  expect(reasonText({ ...given, params }, plainReader(given.language))).toBe(given.sentence);
});

it.each(sentences.remedies)('$language $remedy is said as the credit room says it', (given) => {
  const remedyParams = { ...sentences.values, result: given.result };
  const { todo, then } = remedyText({ ...given, remedyParams }, plainReader(given.language));
  expect({ todo, then }).toEqual({ todo: given.todo, then: given.then });
});

it('every code of the message tables is among them', () => {
  const codes = new Set(sentences.reasons.map(({ code }) => code));
  const { FLAG_TEXTS, REASON_TEXTS, REMEDY_TEXTS, METRIC_TEXTS } = messages;
  for (const code of [...Object.keys(FLAG_TEXTS), ...Object.keys(REASON_TEXTS)]) {
    expect(codes).toContain(code);
  }
  const metrics = new Set(sentences.reasons.map(({ params }) => params.metric));
  Object.keys(METRIC_TEXTS).forEach((metric) => expect(metrics).toContain(metric));
  const remedies = new Set(sentences.remedies.map(({ remedy }) => remedy));
  Object.keys(REMEDY_TEXTS).forEach((remedy) => expect(remedies).toContain(remedy));
});

it.each(Object.entries(WORDS))('%s has both languages with the same parameters', (_, pair) => {
  expect(pair).toHaveLength(2);
  expect(parameters(pair[1])).toEqual(parameters(pair[0]));
  expect(pair[1]).toMatch(/[\u4e00-\u9fff]/);
});

it('values are put in as they are, whatever they look like', () => {
  expect(fill('{a} {b} {toString}', { a: '{b}', b: '$&' })).toBe('{b} $& {toString}');
});

it.each(['constructor', '__proto__', 'toString'])('%s is a code like any unknown one', (code) => {
  const reader = plainReader('en');
  expect(reasonText({ code, params: {} }, reader)).toBe(code);
  expect(reasonText({ code: 'x', params: { metric: code, bin: '…' } }, reader)).toBe('x: ….');
  expect(remedyText({ remedy: code, remedyParams: {} }, reader).todo).toBe(code);
});

describe('a reader', () => {
  it.each([
    ['zh-CN', 'zh'],
    ['zh_TW', 'zh'],
    ['en-GB', 'en'],
    ['de', 'en'],
    [undefined, 'en'],
  ])('of %s reads %s', (lang, language) => {
    expect(makeReader({ ...BERLIN, lang }).language).toBe(language);
  });

  it('has numbers and dates in the form of the locale, words in the language', () => {
    const reader = makeReader(BERLIN);
    expect(reader.money('1234.5')).toBe('1.234,50\u00a0€');
    expect(reader.money('1234.00', 'USD')).toBe('1.234\u00a0$');
    expect(reader.round(1234.5)).toBe('1.235\u00a0€');
    expect(reader.round(999.5)).toBe('999,50\u00a0€');
    expect(reader.date('2026-03-31')).toBe('31.03.2026');
    expect(reader.percent(1.2)).toBe('120\u00a0%');
    expect(
      word('updated', reader, {
        age: reader.ago(Date.parse('2026-03-28'), Date.parse('2026-03-31')),
      }),
    ).toBe('Updated 3 days ago');
  });

  it('takes what is no date and no number for what it is', () => {
    const reader = makeReader(BERLIN);
    expect(reader.date('2026-13-45')).toBe('2026-13-45');
    expect(reader.date('soon')).toBe('soon');
    expect(reader.money('much')).toBe('–');
  });

  it('has its own day: midnight falls when it falls at home', () => {
    const moment = Date.parse('2026-03-31T23:30:00Z');
    expect(makeReader(BERLIN).today(moment)).toBe('2026-04-01');
    expect(makeReader({ ...BERLIN, timeZone: 'America/New_York' }).today(moment)).toBe(
      '2026-03-31',
    );
  });

  it('survives a locale that is none', () => {
    expect(makeReader({ ...BERLIN, locale: 'en_US' }).date('2026-03-31')).toBe('Mar 31, 2026');
    expect(makeReader({ ...BERLIN, locale: '§' }).date('2026-03-31')).toBe('Mar 31, 2026');
  });
});

// Sentences about reasons and remedies, from stored codes and parameters, in the reader's language.
// The same rules as connector/credit/reasons/wording.py; a test renders every code both ways and compares.
import CURRENCY from '@salesforce/i18n/currency';
import LANG from '@salesforce/i18n/lang';
import LOCALE from '@salesforce/i18n/locale';
import TIME_ZONE from '@salesforce/i18n/timeZone';
import {
  CASH_ONLY_OPEN,
  CONDITION_TEXT,
  DAYS,
  FLAG_NAMES,
  FLAG_TEXTS,
  LIMIT_EXPIRED,
  METRIC_TEXTS,
  MORE_THAN,
  OTHER_METRIC,
  OTHER_REASON,
  REASON_TEXTS,
  REMEDY_RESULT,
  REMEDY_TEXTS,
  UP_TO,
  WITH_FLAGS,
  WITH_HOLD,
  WITHOUT_FLAGS,
  WITHOUT_HOLD,
} from './messages';
import { makeReader } from './reader';
import { WORDS } from './words';

export { daysBetween, makeReader } from './reader';

/** The person in front of the page. */
export const READER = makeReader({
  lang: LANG,
  locale: LOCALE,
  timeZone: TIME_ZONE,
  currency: CURRENCY,
});

const LIGHTS = ['green', 'amber', 'red', 'grey'];
const DATES = ['due_date', 'valid_to', 'due_on_or_before', 'since'];
const AMOUNTS = ['amount', 'total'];
const PERCENTAGE = /^[\d.]+ %$/;
const BETWEEN_HAN = /([\u4e00-\u9fff]) (?=[\u4e00-\u9fff])/g;
const has = (object, name) => Object.prototype.hasOwnProperty.call(object, name);

/** Put parameters into a template; unknown names stay. */
export function fill(template, params) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    return has(params, name) ? String(params[name]) : whole;
  });
}

/** The panel's own word or sentence. */
export function word(key, reader, params = {}) {
  return fill(said(WORDS[key], reader), params);
}

/** One sentence about a reason `{code, params}`. */
export function reasonText({ code, params }, reader) {
  const label = own('label', params, reader);
  const sentence = fill(said(reasonTemplate(code, params), reader), {
    code,
    label: label ?? code,
    figures: own('figures', params, reader),
    ...spoken(params, reader),
  });
  return sentence.replace(BETWEEN_HAN, '$1');
}

/**
 * What a reason's remedy says: what to do, what it gives, the light it gives, and what it costs.
 * Null without a remedy.
 */
export function remedyText({ remedy, remedyParams: params }, reader) {
  if (!remedy) {
    return null;
  }
  const template = pick(REMEDY_TEXTS, remedy) ?? OTHER_REASON;
  const result = params.result ?? null;
  return {
    code: remedy,
    todo: fill(said(template, reader), { code: remedy, ...spoken(params, reader) }),
    then: result && resultText(result, reader),
    light: LIGHTS.includes(result?.colour) ? result.colour : null,
    cost: Number(params.amount ?? params.total ?? 0),
  };
}

function pick(table, code) {
  return has(table, code) ? table[code] : undefined;
}

function said(pair, reader) {
  return pair[reader.language === 'zh' ? 1 : 0];
}

/** A text that an administrator gave in both languages. */
function own(name, params, reader) {
  return reader.language === 'zh' ? params[`${name}_zh`] : params[`${name}_en`];
}

function reasonTemplate(code, params) {
  if (params.figures_en) {
    return CONDITION_TEXT;
  }
  if (has(FLAG_TEXTS, code)) {
    if (code === 'over_limit' && params.state === 'cash_only') {
      return CASH_ONLY_OPEN;
    }
    if (code === 'no_valid_limit' && params.state === 'expired') {
      return LIMIT_EXPIRED;
    }
    return FLAG_TEXTS[code];
  }
  if (params.metric) {
    return pick(METRIC_TEXTS, params.metric) ?? OTHER_METRIC;
  }
  return pick(REASON_TEXTS, code) ?? OTHER_REASON;
}

function resultText(result, reader) {
  const names = String(result.flags ?? '')
    .split(';')
    .filter(Boolean)
    .map((name) => (has(FLAG_NAMES, name) ? said(FLAG_NAMES[name], reader) : name))
    .join(reader.language === 'zh' ? '、' : ', ');
  return fill(said(REMEDY_RESULT, reader), {
    score: result.score || '–',
    grade: result.grade || '–',
    hold: said(result.hold === 'true' ? WITH_HOLD : WITHOUT_HOLD, reader),
    flags: names ? fill(said(WITH_FLAGS, reader), { codes: names }) : said(WITHOUT_FLAGS, reader),
  });
}

/** A bin or threshold in words: 30 d – 60 d becomes 30 – 60 days. */
function figure(text, reader) {
  const more = said(MORE_THAN, reader);
  if (!text.endsWith(' d')) {
    const shown = text.replaceAll('> ', `${more} `);
    return reader.language === 'zh' ? shown.replaceAll(' %', '%') : shown;
  }
  const plain = text
    .replaceAll(' d', '')
    .replaceAll('> ', `${more} `)
    .replaceAll('≤ ', `${said(UP_TO, reader)} `);
  return `${plain} ${said(DAYS, reader)}`;
}

function spoken(params, reader) {
  const shown = { ...params };
  for (const [name, value] of Object.entries(params)) {
    if (typeof value !== 'string') {
      continue;
    }
    if (name === 'bin' || name === 'threshold') {
      shown[name] = figure(value, reader);
    } else if (reader.language === 'zh' && PERCENTAGE.test(value)) {
      shown[name] = value.replace(' %', '%');
    }
  }
  for (const name of DATES) {
    if (shown[name]) {
      shown[name] = reader.date(shown[name]);
    }
  }
  for (const name of AMOUNTS) {
    if (shown[name] !== null && shown[name] !== undefined) {
      shown[name] = reader.money(shown[name], params.currency);
    }
  }
  return shown;
}

/** What Salesforce says about a failed read, as one line. */
export function errorText(error) {
  const bodies = [error?.body].flat().filter(Boolean);
  const messages = bodies.map((body) => body.message).filter(Boolean);
  return messages.join(' ') || error?.message || error?.statusText || '–';
}

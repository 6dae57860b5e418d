// How the reader writes numbers, dates and spans of time.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;
/** From here on cents only make a figure harder to read; sentences that say what to pay keep them. */
const WITHOUT_CENTS_FROM = 1000;

/**
 * The reader's language (en or zh), and functions that write for them.
 *
 * `lang` chooses the words, `locale` the form of numbers and dates, `timeZone` the day that counts
 * as today, `currency` stands in where a record names none.
 */
export function makeReader({ lang, locale, timeZone, currency }) {
  const language = /^zh/i.test(lang ?? '') ? 'zh' : 'en';
  const forms = usableLocale(locale, language);
  return {
    language,
    currencyOf: (code) => code || currency,
    money: (amount, code) => money(amount, code || currency, forms, Infinity),
    round: (amount, code) => money(amount, code || currency, forms, WITHOUT_CENTS_FROM),
    percent: (share) => new Intl.NumberFormat(forms, { style: 'percent' }).format(share),
    number: (value) => new Intl.NumberFormat(forms, { maximumFractionDigits: 1 }).format(value),
    date: (day) => date(day, forms),
    moment: (stamp) =>
      new Intl.DateTimeFormat(forms, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(
        new Date(stamp),
      ),
    ago: (stamp, now) => ago(new Date(stamp) - now, language),
    today: (now) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(now),
  };
}

/** Whole calendar days from one ISO day to another; NaN where one is none. */
export function daysBetween(first, last) {
  return Math.round((Date.parse(`${last}T00:00Z`) - Date.parse(`${first}T00:00Z`)) / DAY);
}

function usableLocale(locale, language) {
  try {
    return Intl.getCanonicalLocales(String(locale).replaceAll('_', '-'))[0] ?? language;
  } catch {
    return language;
  }
}

function money(amount, code, locale, wholeFrom) {
  const value = Number(amount);
  if (!Number.isFinite(value)) {
    return '–';
  }
  const options = { style: 'currency', currency: code, trailingZeroDisplay: 'stripIfInteger' };
  if (Math.abs(value) >= wholeFrom) {
    options.minimumFractionDigits = 0;
    options.maximumFractionDigits = 0;
  }
  try {
    return new Intl.NumberFormat(locale, options).format(value);
  } catch {
    // No currency, or a code that is none: the amount still counts.
    const plain = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }).format(value);
    return code ? `${code} ${plain}` : plain;
  }
}

function date(day, locale) {
  if (!ISO_DAY.test(day) || Number.isNaN(Date.parse(`${day}T00:00Z`))) {
    return String(day);
  }
  const form = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  return form.format(new Date(`${day}T00:00Z`));
}

function ago(span, language) {
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'always' });
  for (const [unit, length] of [
    ['day', DAY],
    ['hour', HOUR],
  ]) {
    if (Math.abs(span) >= length) {
      return words.format(Math.trunc(span / length), unit);
    }
  }
  return words.format(Math.trunc(span / MINUTE) || -0, 'minute');
}

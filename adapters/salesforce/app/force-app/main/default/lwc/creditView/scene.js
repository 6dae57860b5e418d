// What panel and badge say in the same way.
import { word } from 'c/creditTexts';
import { judge } from 'c/creditFacts';

const HOUR = 3_600_000;
const percent = (share) => `${(share * 100).toFixed(2)}%`;

/** Whether a field has a value that the reader may see. */
export const known = (value) => value !== null && value !== undefined;

/** A share as the width of a bar. */
export const width = (share) => `width: ${percent(share)}`;

/** Facts, reader and moment together, with the ways to speak that every part needs. */
export function makeScene(facts, reader, now) {
  return {
    facts,
    reader,
    now,
    tell: (key, params) => word(key, reader, params),
    money: (amount) => reader.round(amount, facts.currency),
    exact: (amount) => reader.money(amount, facts.currency),
  };
}

/** May I sell, and how much: the light in words, what is left, grade and score. */
export function verdictView(scene) {
  const { facts, tell } = scene;
  const { tone, icon } = judge(facts);
  const grade = facts.grade ? tell('grade', { grade: facts.grade }) : tell('unrated');
  const score = known(facts.score) ? tell('score', { score: Math.round(facts.score) }) : null;
  return {
    tone,
    icon,
    headline: tell(`may_${tone}`),
    left: tone === 'none' ? null : leftText(scene),
    advice: tone === 'hold' || tone === 'none' ? tell(`${tone}_advice`) : null,
    chips: facts.light ? [tell(`light_${facts.light}`), grade, score].filter(Boolean) : [],
  };
}

function leftText({ facts, tell, money }) {
  const { limitState, available } = facts;
  if (limitState === undefined || (limitState === 'amount' && !known(available))) {
    return null;
  }
  if (limitState !== 'amount') {
    return tell(limitState === 'none' ? 'no_limit' : limitState);
  }
  if (available > 0) {
    return tell('left', { amount: money(available) });
  }
  return available === 0 ? tell('nothing_left') : tell('over', { amount: money(-available) });
}

/** The warning about old figures; null while they are fresh, or when nothing says how old they are. */
export function staleView({ facts, reader, now, tell }, staleAfterHours) {
  const refreshed = Date.parse(facts.refreshedAt ?? '');
  const hours = facts.staleAfterHours ?? staleAfterHours;
  if (!(now - refreshed > hours * HOUR)) {
    return null;
  }
  const said = { age: reader.ago(refreshed, now), moment: reader.moment(refreshed) };
  return { headline: tell('stale'), advice: tell('stale_advice', said) };
}

/** How old the figures are. */
export function ageText({ facts, reader, now, tell }) {
  const refreshed = Date.parse(facts.refreshedAt ?? '');
  return Number.isNaN(refreshed)
    ? tell('age_unknown')
    : tell('updated', { age: reader.ago(refreshed, now) });
}

/** Widths and words of the bar; `isAdded` when a deal is put on top of the exposure. */
export function barView(use, { facts, reader, tell, money }, isAdded = false) {
  const share = reader.percent(use.share);
  return {
    usedStyle: width(use.used),
    addedStyle: width(use.added),
    overStyle: width(use.over),
    markStyle: use.mark < 1 ? `left: ${percent(use.mark)}` : null,
    share: tell(isAdded ? 'used_with' : 'used', { share }),
    label: tell(isAdded ? 'bar_order' : 'bar', {
      exposure: money(facts.exposure),
      limit: money(facts.limit),
      share,
    }),
  };
}

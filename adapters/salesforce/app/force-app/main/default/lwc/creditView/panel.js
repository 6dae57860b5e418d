import { daysBetween, reasonText, remedyText } from 'c/creditTexts';
import { useOfLimit } from 'c/creditFacts';
import { ageText, barView, known, makeScene, staleView, verdictView, width } from './scene';

/** The account page's panel for these facts at the moment `now`, for this reader. */
export function panelView(facts, reader, now, staleAfterHours) {
  const scene = makeScene(facts, reader, now);
  return {
    isScored: facts.light !== null,
    verdict: verdictView(scene),
    stale: staleView(scene, staleAfterHours),
    limit: limitView(scene),
    ageing: ageingView(scene),
    reasons: reasonsView(scene),
    footer: footerView(scene),
  };
}

function limitView(scene) {
  const { facts, tell, money } = scene;
  const hasAmount = facts.limitState === 'amount';
  const isOver = hasAmount && facts.available < 0;
  const rows = [
    ['limit', tell('limit'), limitText(scene)],
    [
      'exposure',
      tell(facts.exposure < 0 ? 'paid_ahead' : 'exposure'),
      known(facts.exposure) && money(Math.abs(facts.exposure)),
    ],
    [
      'available',
      tell(isOver ? 'over_short' : 'available'),
      hasAmount && known(facts.available) && money(Math.abs(facts.available)),
    ],
  ];
  const use = useOfLimit(facts);
  return {
    rows: rows
      .filter(([, , value]) => value)
      .map(([key, label, value]) => ({
        key,
        label,
        value,
        valueClass: key === 'available' && isOver ? 'figure over-figure' : 'figure',
      })),
    bar: use && barView(use, scene),
  };
}

function limitText({ facts, tell, money }) {
  if (facts.limitState === undefined) {
    return null;
  }
  return facts.limitState === 'amount' ? money(facts.limit) : tell(`limit_${facts.limitState}`);
}

function ageingView({ facts, reader, now, tell, money }) {
  const most = Math.max(...facts.ageing.map(({ amount }) => Math.abs(amount)), 0);
  const rows = facts.ageing.map(({ name, amount }, place) => ({
    key: name,
    label: bucketLabel(name, tell),
    amount: amount === 0 ? '–' : money(amount),
    barStyle: width(most > 0 ? Math.max(amount, 0) / most : 0),
    barClass: `age-bar age-${Math.min(place, 5)}`,
  }));
  const shown = {
    rows: most > 0 ? rows : [],
    isEmpty: facts.ageing.length > 0 && most === 0,
    overdue: facts.overdue > 0 ? tell('overdue', { amount: money(facts.overdue) }) : null,
    oldest: oldestText(facts, reader, now, tell),
  };
  const isShown = Boolean(shown.rows.length || shown.isEmpty || shown.overdue || shown.oldest);
  return { ...shown, isShown };
}

function bucketLabel(name, tell) {
  const [first, last] = name.split('_');
  if (first === 'current') {
    return tell('bucket_current');
  }
  return first === 'over'
    ? tell('bucket_over', { from: last })
    : tell('bucket_range', { from: first, to: last });
}

function oldestText({ oldestDue: due, overdue }, reader, now, tell) {
  const days = due ? daysBetween(due, reader.today(now)) : NaN;
  if (Number.isNaN(days)) {
    return null;
  }
  const ahead = overdue > 0 ? 'disputed' : 'ahead';
  const key = days < 0 ? ahead : (['today', 'late_one'][days] ?? 'late');
  return tell(`oldest_${key}`, { date: reader.date(due), days: reader.number(days) });
}

function reasonsView({ facts, reader, tell }) {
  const reasons = facts.reasons.filter((reason) => !isOfProposal(reason));
  const texts = reasons.map((reason) => reasonText(reason, reader));
  if (facts.reasons.length === 0 && facts.reasonText) {
    texts.push(facts.reasonText);
  }
  const help = cheapest(reasons.map((reason) => remedyText(reason, reader)).filter(Boolean));
  const backToGreen = help.filter(({ light }) => light === 'green');
  const isGreen = facts.light === 'green' && facts.hold !== true;
  const isWayBack = backToGreen.length > 0 && !isGreen;
  return {
    list: [...new Set(texts)],
    help: (isWayBack ? backToGreen : help).map((remedy) => ({
      ...remedy,
      key: remedy.todo,
      then: remedy.then && remedy.light ? ` · ${remedy.then}` : remedy.then,
      lightWord: remedy.light && tell(`light_${remedy.light}`),
      lightClass: `then-light tone-${remedy.light}`,
    })),
    helpTitle: tell(isWayBack ? 'help_green' : 'help'),
  };
}

/** What set the proposed limit is no reason for the light, and the proposal is not shown. */
function isOfProposal({ code, params }) {
  return code.startsWith('limit_') && code !== 'limit_cash_only' && !params.metric;
}

/** Of remedies of one kind that bring about the same, the one that costs least. */
function cheapest(remedies) {
  const best = new Map();
  remedies.forEach((remedy) => {
    const key = `${remedy.code} ${remedy.then}`;
    const before = best.get(key);
    if (!before || remedy.cost < before.cost) {
      best.set(key, remedy);
    }
  });
  return [...best.values()];
}

function footerView(scene) {
  const { facts, reader, now, tell } = scene;
  if (!facts.nextReview) {
    return [ageText(scene)];
  }
  const isPast = facts.nextReview < reader.today(now);
  const date = reader.date(facts.nextReview);
  return [tell(isPast ? 'review_due' : 'next_review', { date }), ageText(scene)];
}

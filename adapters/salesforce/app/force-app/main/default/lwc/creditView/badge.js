import { useOfLimit } from 'c/creditFacts';
import { ageText, barView, known, makeScene, staleView, verdictView } from './scene';

/** The badge for an order or opportunity at the moment `now`, for this reader. */
export function badgeView(deal, reader, now, staleAfterHours) {
  const scene = makeScene(deal.credit, reader, now);
  const weight = deal.closed || deal.counted ? null : weighDeal(deal, reader);
  const isScored = deal.credit.light !== null;
  const use = isScored && useOfLimit(deal.credit, weight?.added ?? 0);
  return {
    verdict: verdictView(scene),
    stale: staleView(scene, staleAfterHours),
    fit: isScored ? fitText(deal, weight, scene) : null,
    fitClass: weight?.isShort ? 'fit fit-short' : 'fit',
    bar: use ? barView(use, scene, Boolean(weight?.added)) : null,
    age: isScored ? ageText(scene) : null,
  };
}

/** The deal against what is left; null where there is nothing to compare. */
function weighDeal(deal, reader) {
  const { credit } = deal;
  if (!known(deal.amount)) {
    return null;
  }
  const currency = reader.currencyOf(deal.currency);
  const isOther = currency !== reader.currencyOf(credit.currency);
  const isLimited = credit.limitState === 'amount' && known(credit.available);
  const compares = isLimited && !isOther;
  const short = compares ? deal.amount - credit.available : 0;
  return {
    currency,
    isOther,
    isLimited,
    short,
    isShort: short > 0,
    added: compares ? deal.amount : 0,
  };
}

function fitText(deal, weight, scene) {
  const { tell, exact, reader } = scene;
  const self = tell(`this_${deal.kind}`);
  if (deal.counted) {
    return tell('counted', { this: self });
  }
  if (!weight) {
    return null;
  }
  const said = { this: self, amount: reader.money(deal.amount, weight.currency) };
  const { available, limitState } = deal.credit;
  if (!weight.isLimited) {
    const keys = { none: 'needs_no_limit', cash_only: 'needs_cash', unlimited: 'needs_unlimited' };
    return keys[limitState] ? tell(keys[limitState], said) : null;
  }
  if (weight.isOther) {
    const limitCurrency = reader.currencyOf(deal.credit.currency);
    return tell('needs_other_currency', { ...said, currency: weight.currency, limitCurrency });
  }
  if (available < 0) {
    return tell('needs_none', { ...said, over: exact(-available) });
  }
  const key = weight.isShort ? 'needs_over' : 'needs_left';
  return tell(key, { ...said, left: exact(available), short: exact(weight.short) });
}

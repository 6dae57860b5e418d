// What a rep may do, from the facts: one tone, and what is left of the limit.

const ICONS = {
  hold: 'utility:ban',
  green: 'utility:success',
  amber: 'utility:warning',
  red: 'utility:error',
  grey: 'utility:help',
  none: 'utility:help',
};

/** Tone (hold, green, amber, red, grey; none = never checked) and its icon. */
export function judge(facts) {
  const tone = facts.hold === true ? 'hold' : (facts.light ?? 'none');
  return { tone, icon: ICONS[tone] };
}

/**
 * Exposure against the limit, as shares of the longer of the two: `used` within the limit, `over`
 * beyond it, `mark` where the limit stands, and `share` of the limit in use.
 *
 * `more` is added to the exposure (an order that is not part of it yet) as `added`. Null where there
 * is no amount to compare with.
 */
export function useOfLimit(facts, more = 0) {
  const { limit, limitState, exposure } = facts;
  if (limitState !== 'amount' || !(limit > 0) || typeof exposure !== 'number') {
    return null;
  }
  const before = Math.max(exposure, 0);
  const after = Math.max(exposure + more, 0);
  const scale = Math.max(limit, after, before);
  const upTo = (amount) => Math.min(amount, limit) / scale;
  return {
    used: upTo(before),
    added: upTo(after) - upTo(before),
    over: Math.max(after - limit, 0) / scale,
    mark: limit / scale,
    share: (exposure + more) / limit,
  };
}

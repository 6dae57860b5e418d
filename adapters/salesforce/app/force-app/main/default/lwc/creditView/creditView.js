// Everything panel and badge show, as texts and widths ready for their templates.
import { errorText, word } from 'c/creditTexts';

export { badgeView } from './badge';
export { panelView } from './panel';

/** What stands in place of figures: no access, no account, a failed read. */
export function noticeView(key, reader, error) {
  const icons = { failed: 'utility:error', no_access: 'utility:lock', no_account: 'utility:info' };
  const params = error ? { message: errorText(error) } : {};
  return {
    tone: 'none',
    icon: icons[key],
    headline: word(key, reader),
    advice: word(`${key}_advice`, reader, params),
    chips: [],
  };
}

/** Words of the frame around the figures. */
export function frameWords(reader) {
  return {
    title: word('title', reader),
    refresh: word('refresh', reader),
    refreshed: word('refreshed', reader),
    loading: word('loading', reader),
    ageing: word('ageing', reader),
    nothingOwed: word('nothing_owed', reader),
    why: word('why', reader),
  };
}

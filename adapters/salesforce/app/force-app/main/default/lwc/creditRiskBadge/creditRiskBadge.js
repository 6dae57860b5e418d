import { LightningElement, api, wire } from 'lwc';
import { getRecord, notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import { fieldsThrough, readDeal } from 'c/creditFacts';
import { READER } from 'c/creditTexts';
import { badgeView, frameWords, noticeView } from 'c/creditView';

/** The customer's credit in brief on an order or opportunity, against its own amount. */
export default class CreditRiskBadge extends LightningElement {
  @api recordId;
  /** Order or Opportunity; the page gives it. */
  @api objectApiName;
  /** Figures older than this many hours are said to be possibly out of date. */
  @api staleAfterHours = 26;

  words = frameWords(READER);
  now = Date.now();
  record;
  failure;
  isRefreshing = false;
  announcement = '';
  // A page that was left open says how old its figures are when somebody comes back to it.
  onVisible = () => {
    this.now = Date.now();
  };

  connectedCallback() {
    document.addEventListener('visibilitychange', this.onVisible);
  }

  disconnectedCallback() {
    document.removeEventListener('visibilitychange', this.onVisible);
  }

  get fields() {
    return this.objectApiName ? fieldsThrough(this.objectApiName) : undefined;
  }

  @wire(getRecord, { recordId: '$recordId', optionalFields: '$fields' })
  take({ data, error }) {
    this.now = Date.now();
    this.failure = error;
    this.record = error ? undefined : (data ?? this.record);
  }

  get isLoading() {
    return !this.record && !this.failure;
  }

  get deal() {
    return readDeal(this.record);
  }

  /** What stands in place of figures. */
  get notice() {
    if (this.failure) {
      return noticeView('failed', READER, this.failure);
    }
    if (!this.deal.hasAccount) {
      return noticeView('no_account', READER);
    }
    return this.deal.credit.visible ? null : noticeView('no_access', READER);
  }

  get view() {
    return badgeView(this.deal, READER, this.now, this.staleAfterHours);
  }

  async refresh() {
    this.isRefreshing = true;
    this.announcement = '';
    const ids = [this.recordId, this.record && this.deal.accountId].filter(Boolean);
    try {
      await notifyRecordUpdateAvailable(ids.map((recordId) => ({ recordId })));
      this.announcement = this.words.refreshed;
    } catch (error) {
      this.failure = error;
    } finally {
      this.isRefreshing = false;
      this.now = Date.now();
    }
  }
}

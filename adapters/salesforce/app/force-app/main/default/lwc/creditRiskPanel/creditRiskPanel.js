import { LightningElement, api, wire } from 'lwc';
import { getRecord, notifyRecordUpdateAvailable } from 'lightning/uiRecordApi';
import { ACCOUNT_FIELDS, readCredit } from 'c/creditFacts';
import { READER } from 'c/creditTexts';
import { frameWords, noticeView, panelView } from 'c/creditView';

/**
 * The customer's credit on the account page: may I sell, how much, why, and what would help.
 *
 * Reads fields of the record only; what a reader may not see is left out or said.
 */
export default class CreditRiskPanel extends LightningElement {
  @api recordId;
  /** Figures older than this many hours are said to be possibly out of date. */
  @api staleAfterHours = 26;

  fields = ACCOUNT_FIELDS;
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

  @wire(getRecord, { recordId: '$recordId', optionalFields: '$fields' })
  take({ data, error }) {
    this.now = Date.now();
    this.failure = error;
    this.record = error ? undefined : (data ?? this.record);
  }

  get isLoading() {
    return !this.record && !this.failure;
  }

  get facts() {
    return readCredit(this.record.fields);
  }

  /** What stands in place of figures. */
  get notice() {
    if (this.failure) {
      return noticeView('failed', READER, this.failure);
    }
    return this.facts.visible ? null : noticeView('no_access', READER);
  }

  get view() {
    return panelView(this.facts, READER, this.now, this.staleAfterHours);
  }

  async refresh() {
    this.isRefreshing = true;
    this.announcement = '';
    try {
      await notifyRecordUpdateAvailable([{ recordId: this.recordId }]);
      this.announcement = this.words.refreshed;
    } catch (error) {
      this.failure = error;
    } finally {
      this.isRefreshing = false;
      this.now = Date.now();
    }
  }
}

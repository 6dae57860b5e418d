import { LightningElement, api } from 'lwc';

/** The verdict box of panel and badge: icon, what a rep may do, grade and score; old figures said. */
export default class CreditVerdict extends LightningElement {
  /** `{tone, icon, headline, left, advice, chips}`. */
  @api verdict;
  /** `{headline, advice}` when the figures may be out of date. */
  @api stale;

  get toneClass() {
    return `verdict tone-${this.verdict.tone}`;
  }
}

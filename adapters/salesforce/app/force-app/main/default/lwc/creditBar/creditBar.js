import { LightningElement, api } from 'lwc';

/** Exposure against the limit as a bar; beyond the limit it goes on, and a mark shows where it was. */
export default class CreditBar extends LightningElement {
  /** `{usedStyle, addedStyle, overStyle, markStyle, share, label}`. */
  @api bar;
}

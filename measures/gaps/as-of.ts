/**
 * The date (YYYY-MM-DD) on which a gap is looked at. It remembers what it was compared with, and so knows how long the
 * answer stays the same when nothing but time passes.
 */
export class AsOf {
  readonly date: string;
  #holdsThrough: string | null = null;

  constructor(date: string) {
    this.date = date.slice(0, 10);
  }

  /** Is `date` over? */
  isPast(date: string): boolean {
    if (date < this.date) return true;
    this.#note(date, 0);
    return false;
  }

  hasBegun(date: string): boolean {
    if (date <= this.date) return true;
    this.#note(date, -1);
    return false;
  }

  /** The last day on which all comparisons come out the same; null when no day changes any. */
  get holdsThrough(): string | null {
    return this.#holdsThrough;
  }

  /** A date that is no whole day lets the answer hold for the day itself, which is never wrong. */
  #note(date: string, days: number): void {
    const time = /^\d{4}-\d\d-\d\d$/.test(date) ? Date.parse(date) + days * 86_400_000 : Number.NaN;
    const last = Number.isNaN(time) ? this.date : new Date(time).toISOString().slice(0, 10);
    if (this.#holdsThrough === null || last < this.#holdsThrough) this.#holdsThrough = last;
  }
}

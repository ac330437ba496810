import { SingleBar } from 'cli-progress';

/** A progress bar on a terminal; a line every ten percent where the output goes to a file. */
export class ProgressLine {
  readonly #label: string;
  readonly #bar: SingleBar | null;
  #printed = -1;
  #ended = false;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#bar = process.stdout.isTTY
      ? new SingleBar({
          format: `  ${label.padEnd(34)} {bar} {value}/{total}  {eta_formatted} left`,
          hideCursor: true,
          barsize: 30,
        })
      : null;
    this.#bar?.start(total, 0);
  }

  update(done: number, total: number): void {
    if (this.#ended) return;
    if (this.#bar !== null) {
      this.#bar.setTotal(total);
      this.#bar.update(done);
    } else {
      const tenth = total === 0 ? 10 : Math.floor((done / total) * 10);
      if (tenth > this.#printed) process.stdout.write(`  ${this.#label}: ${done}/${total}\n`);
      this.#printed = Math.max(this.#printed, tenth);
    }
    if (done >= total) this.end();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#bar?.stop();
  }
}

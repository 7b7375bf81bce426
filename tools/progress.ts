/** What a long step says while it runs: on a terminal one line that changes, elsewhere plain lines, not too many. */
export interface Step {
  /** `fraction` from 0 to 1, or null when nobody can know. */
  update(fraction: number | null, detail?: string): void;
  done(detail?: string): void;
  failed(): void;
}

export interface Progress {
  step(title: string, expectation?: string): Step;
  line(text: string): void;
}

interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const redrawMs = 100;
const plainMs = 10_000;

export function openProgress(output: Output = process.stdout, now: () => number = Date.now): Progress {
  const terminal = output.isTTY === true;
  const line = (text: string) => output.write(`${text}\n`);
  return {
    line,
    step(title, expectation) {
      const startedMs = now();
      let drawnMs = terminal ? 0 : startedMs;
      if (!terminal && expectation) line(`${title} (${expectation}) …`);
      if (terminal) draw(output, `… ${title}${expectation ? ` (${expectation})` : ''}`);
      return {
        update(fraction, detail) {
          if (now() - drawnMs < (terminal ? redrawMs : plainMs)) return;
          drawnMs = now();
          const text = [title, fraction === null ? '' : percent(fraction), detail ?? ''].filter((part) => part !== '');
          if (terminal) draw(output, `… ${text.join(' · ')}`);
          else line(`  ${text.join(' · ')}`);
        },
        done(detail) {
          if (terminal) draw(output, '');
          const seconds = (now() - startedMs) / 1000;
          line(`${title}: ${detail ?? 'done'}${seconds >= 1 ? `, ${seconds.toFixed(1)} s` : ''}`);
        },
        failed() {
          if (terminal) draw(output, '');
        },
      };
    },
  };
}

function percent(fraction: number): string {
  return `${Math.round(Math.min(1, Math.max(0, fraction)) * 100)} %`;
}

function draw(output: Output, text: string): void {
  output.write(`\r\u001B[2K${text.slice(0, (output.columns ?? 80) - 1)}`);
}

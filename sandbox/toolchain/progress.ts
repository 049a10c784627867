/** Tells a person what is being done, what is left and how long it took last time; one line on a terminal, a log else. */
import { join } from "node:path";
import { coloursFor } from "../../shared/colours.ts";
import type { Paths } from "../paths.ts";
import { clock, type ProgressView, progressLine, type StepView, startLine } from "./progress-line.ts";
import { timingsIn } from "./timings.ts";

export interface PlannedStep {
  title: string;
  /** First guess in seconds, for a machine that never did it. */
  seconds?: number;
}

export interface Progress {
  /** Announces steps to come, in order; `step` takes them off again by their title. */
  plan(steps: (string | PlannedStep)[]): void;
  /** Takes an announced step off again: somebody else did it. */
  spare(title: string): void;
  /** One line that stays. */
  note(line: string): void;
  /** Runs one step. `report` replaces the detail shown beside it. A step within a step is shown as its detail. */
  step<T>(title: string, run: (report: (detail: string) => void) => Promise<T>): Promise<T>;
}

/** Where the progress is shown: a terminal, or a log such as CI keeps. */
export interface ProgressOutput {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

interface Running extends StepView {
  began: number;
  detail?: string;
}

const redrawMs = 200;
/** A log hears of a long step this often, so that nobody takes it for hung. */
const heartbeatMs = 60_000;

/** @param output @default standard error, so that what a command prints can be piped */
export function createProgress(paths: Paths, output: ProgressOutput = process.stderr): Progress {
  const timings = timingsIn(join(paths.cache, "timings.json"));
  const colours = coloursFor(output);
  const live = output.isTTY === true && process.env.TERM !== "dumb";
  const done: StepView[] = [];
  const running: Running[] = [];
  let next: StepView[] = [];

  const expectationOf = ({ title, seconds }: PlannedStep): StepView => {
    const last = timings.last(title);
    return { title, expected: last ?? seconds, measured: last !== undefined };
  };
  const view = (): ProgressView | undefined => {
    const [current, ...inner] = running;
    if (!current) return undefined;
    const details = [current.detail, ...inner.map((step) => step.detail ?? step.title)].filter(Boolean);
    return { done, current, elapsed: (Date.now() - current.began) / 1000, detail: details.at(-1), next };
  };
  const redraw = () => {
    const shown = view();
    if (shown) output.write(`\r\u001b[K${progressLine(shown, (output.columns || 80) - 1)}`);
  };
  const heartbeat = () => {
    const shown = view();
    if (shown)
      output.write(`  ${shown.current.title}: ${clock(shown.elapsed)}${shown.detail ? `, ${shown.detail}` : ""}\n`);
  };
  const say = (line: string) => {
    output.write(live ? `\r\u001b[K${line}\n` : `${line}\n`);
  };

  return {
    plan(steps) {
      next = [...next, ...steps.map((step) => expectationOf(typeof step === "string" ? { title: step } : step))];
    },
    spare(title) {
      next = next.filter((step) => step.title !== title);
    },
    note: say,
    async step(title, run) {
      const planned = next.find((step) => step.title === title) ?? expectationOf({ title });
      next = next.filter((step) => step !== planned);
      const step: Running = { ...planned, began: Date.now() };
      running.push(step);
      const outermost = running.length === 1;
      const shown = view();
      if (outermost && !live && shown) say(startLine(shown));
      const timer = outermost
        ? setInterval(live ? redraw : heartbeat, live ? redrawMs : heartbeatMs).unref()
        : undefined;
      try {
        const result = await run((detail) => {
          step.detail = detail;
        });
        const seconds = (Date.now() - step.began) / 1000;
        timings.record(title, seconds);
        if (outermost) {
          done.push(planned);
          say(`${colours.green("✓")} ${title} ${colours.dim(clock(seconds))}`);
        }
        return result;
      } catch (error) {
        if (outermost) say(`${colours.red("✗")} ${title}`);
        throw error;
      } finally {
        clearInterval(timer);
        running.splice(running.indexOf(step), 1);
      }
    },
  };
}

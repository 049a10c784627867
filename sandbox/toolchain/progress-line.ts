/** The words of the progress line; pure. */

export interface StepView {
  title: string;
  /** Seconds it took last time, or a first guess. */
  expected?: number;
  /** True when `expected` was measured on this machine. */
  measured?: boolean;
}

export interface ProgressView {
  done: StepView[];
  current: StepView;
  /** Seconds since the current step began. */
  elapsed: number;
  detail?: string;
  next: StepView[];
}

const barWidth = 20;
/** Weight of a step of which nothing is known. */
const unknownSeconds = 5;

/** `████░░░░ 3/9 Kubernetes 1:12 of about 5:00 · 412 packages · then engine, object store (about 2:20)` */
export function progressLine(view: ProgressView, columns: number): string {
  const total = view.done.length + 1 + view.next.length;
  const parts = [
    `${bar(share(view))} ${view.done.length + 1}/${total} ${view.current.title} ${clock(view.elapsed)}${expectation(view.current)}`,
    ...(view.detail ? [view.detail] : []),
    ...(view.next.length > 0 ? [`then ${left(view.next)}`] : []),
  ];
  const line = parts.join(" · ");
  return line.length > columns ? `${line.slice(0, Math.max(columns - 1, 0))}…` : line;
}

/** What a log gets when a step begins, where nothing can be redrawn. */
export function startLine({ done, current, next }: ProgressView): string {
  const total = done.length + 1 + next.length;
  return `[${done.length + 1}/${total}] ${current.title}${expectation(current)}${next.length > 0 ? `; then ${left(next)}` : ""}`;
}

/** Minutes and seconds: `0:07`, `12:30`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function expectation({ expected, measured }: StepView): string {
  if (expected === undefined) return "";
  return measured ? ` (last time ${clock(expected)})` : ` (about ${clock(expected)})`;
}

function left(steps: StepView[]): string {
  const known = steps.every((step) => step.expected !== undefined);
  const seconds = steps.reduce((sum, step) => sum + (step.expected ?? 0), 0);
  return `${steps.map((step) => step.title).join(", ")}${known ? ` (about ${clock(seconds)})` : ""}`;
}

/** Between 0 and 1, by time. A step that takes longer than it should never counts as more than done. */
function share({ done, current, elapsed, next }: ProgressView): number {
  const weight = (step: StepView) => step.expected ?? unknownSeconds;
  const sum = (steps: StepView[]) => steps.reduce((total, step) => total + weight(step), 0);
  const reached = sum(done) + Math.min(elapsed, weight(current));
  const total = sum([...done, current, ...next]);
  return total > 0 ? reached / total : 0;
}

function bar(part: number): string {
  const full = Math.round(part * barWidth);
  return "█".repeat(full) + "░".repeat(barWidth - full);
}

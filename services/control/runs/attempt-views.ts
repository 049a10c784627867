/** Attempts as clients see them: the times of their phases, and where their logs and outputs are. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ActionPhase } from "../../../gen/flyteidl2/common/phase_pb.js";
import { CatalogCacheStatus } from "../../../gen/flyteidl2/core/catalog_pb.js";
import type { ActionAttemptSchema } from "../../../gen/flyteidl2/workflow/run_definition_pb.js";
import { isTerminal } from "../store/progress.ts";
import type { AttemptRow, RunActionRow } from "../store/rows.ts";
import { errorInfo } from "./error-info.ts";

type AttemptView = MessageInitShape<typeof ActionAttemptSchema>;

/** An action that no compute plane has spoken of yet has its first attempt before it. */
export function attemptViews(action: RunActionRow, attempts: AttemptRow[]): AttemptView[] {
  const rows = attempts.length > 0 ? attempts : [unreported(action)];
  return rows.map((row) => attemptView(action, row));
}

function attemptView(action: RunActionRow, row: AttemptRow): AttemptView {
  const transitions = transitionsOf(action, row);
  const end = transitions.find(({ phase }) => isTerminal(phase))?.at;
  const running = transitions.find(({ phase }) => phase === ActionPhase.RUNNING)?.at;
  const start = running ?? transitions[0]?.at ?? row.phase_at;
  const error = errorInfo(row.phase, row);
  const cached = action.cache_status === CatalogCacheStatus.CACHE_HIT;
  const ran = running !== undefined || row.phase === ActionPhase.SUCCEEDED || row.phase === ActionPhase.FAILED;
  const folder = row.output_uri || `${action.output_base}/${action.action}/${row.attempt}`;
  return {
    attempt: row.attempt,
    phase: row.phase,
    cluster: row.cluster,
    startTime: timestampFromDate(start),
    ...(end ? { endTime: timestampFromDate(end) } : {}),
    ...(error ? { errorInfo: error } : {}),
    logsAvailable: ran && !cached,
    cacheStatus: action.cache_status,
    ...(ran ? { outputs: { outputUri: `${folder}/outputs.pb`, reportUri: `${folder}/report.html` } } : {}),
    phaseTransitions: transitions.map(({ phase, at }, index) => {
      const next = transitions[index + 1]?.at;
      return { phase, startTime: timestampFromDate(at), ...(next ? { endTime: timestampFromDate(next) } : {}) };
    }),
  };
}

/** In the order in which they happened; the first attempt waited from the moment that the action was made. */
function transitionsOf(action: RunActionRow, { attempt, reached }: AttemptRow): { phase: ActionPhase; at: Date }[] {
  const known = reached.flatMap((at, index) => (at ? [{ phase: (index + 1) as ActionPhase, at }] : []));
  const queued = attempt === 1 && !known.some(({ phase }) => phase === ActionPhase.QUEUED);
  const all = queued ? [{ phase: ActionPhase.QUEUED, at: action.created_at }, ...known] : known;
  // The end is the end, whatever two clocks say.
  return all.sort(
    (a, b) => Number(isTerminal(a.phase)) - Number(isTerminal(b.phase)) || a.at.getTime() - b.at.getTime(),
  );
}

function unreported(action: RunActionRow): AttemptRow {
  const { phase, phase_at, cluster, output_uri, error_code, error_message, error_kind } = action;
  const reached: (Date | null)[] = Array.from({ length: phase }, () => null);
  if (phase !== ActionPhase.QUEUED) reached[phase - 1] = phase_at;
  return { attempt: 1, phase, phase_at, reached, cluster, output_uri, error_code, error_message, error_kind };
}

/** A control plane for tests: leases what it is told to, keeps every report, can be away. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import {
  type ActionKey,
  type ActionReport,
  ExecutorQueueService,
  type LeaseResponseSchema,
} from "../../../../gen/biplane/queue/v1/queue_pb.js";
import { ActionPhase } from "../../../../gen/flyteidl2/common/phase_pb.js";
import { TaskTemplateSchema } from "../../../../gen/flyteidl2/core/tasks_pb.js";

type Message = MessageInitShape<typeof LeaseResponseSchema>;

export interface FakeQueue {
  transport: Transport;
  lease(
    name: { run: string; action?: string; parent?: string; org?: string },
    template: MessageInitShape<typeof TaskTemplateSchema>,
  ): void;
  cancel(run: string, action?: string): void;
  reports: ActionReport[];
  /** Of one action: `PHASE#attempt`, with `~` where another attempt follows. */
  told(run: string, action?: string): string[];
  /** Of all actions, in the order of arrival: `[run, PHASE#attempt]`. */
  readonly words: [run: string, said: string][];
  /** Of all that was told so far. */
  forget(): void;
  extended: Set<string>;
  away: boolean;
}

const wordOf = ({ phase, attempt, retrying }: ActionReport) => `${ActionPhase[phase]}#${attempt}${retrying ? "~" : ""}`;

/** @param project whose actions it leases; their namespace is `<project>-<domain>` */
export function fakeQueue(project = { project: "executor", domain: "test" }): FakeQueue {
  const base = `s3://meta/acme/${project.project}/${project.domain}`;
  const waiting: Message[] = [];
  let wake: (() => void) | undefined;
  const send = (message: Message) => {
    waiting.push(message);
    wake?.();
  };
  const keyOf = (run: string, action: string) => ({ ...project, run, action });
  const here = () => {
    if (queue.away) throw new ConnectError("the region cannot be reached", Code.Unavailable);
  };
  const transport = createRouterTransport((router) => {
    router.service(ExecutorQueueService, {
      async *lease(_request, { signal }) {
        here();
        while (!signal.aborted && !queue.away) {
          const next = waiting.shift();
          if (next) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      },
      extendLeases({ keys }) {
        here();
        for (const { run, action } of keys) queue.extended.add(`${run}-${action}`);
        return { lost: [] };
      },
      report({ reports }) {
        here();
        queue.reports.push(...reports);
        return {};
      },
    });
  });
  const queue: FakeQueue = {
    transport,
    reports: [],
    extended: new Set(),
    away: false,
    lease({ run, action = "a0", parent = "", org = "acme" }, template) {
      const value = {
        key: keyOf(run, action),
        org,
        parentAction: parent,
        taskType: "python",
        taskTemplate: toBinary(TaskTemplateSchema, create(TaskTemplateSchema, template)),
        inputUri: `${base}/inputs/x`,
        runOutputBase: `${base}/${run}`,
      };
      send({ message: { case: "action", value } });
    },
    cancel(run, action = "a0") {
      send({ message: { case: "cancel", value: { key: keyOf(run, action), reason: "by a test" } } });
    },
    told(run, action = "a0") {
      const of = (key: ActionKey | undefined) => key?.run === run && key.action === action;
      return queue.reports.filter(({ key }) => of(key)).map(wordOf);
    },
    get words() {
      return queue.reports.map((report): [string, string] => [report.key?.run ?? "", wordOf(report)]);
    },
    forget() {
      queue.reports.length = 0;
    },
  };
  return queue;
}

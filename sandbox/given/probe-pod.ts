/** The probe's pod as data, and what its state says. */
import { probeNamespace } from "./made.ts";

export interface ProbeSpec {
  name: string;
  node: string;
  image: string;
  targets: { host: string; port: number }[];
}

/** The part of a pod that is read. */
export interface ProbePod {
  status?: {
    phase?: string;
    conditions?: { type: string; status: string; message?: string }[];
    containerStatuses?: {
      state?: {
        waiting?: { reason?: string; message?: string };
        terminated?: { exitCode: number; reason?: string; message?: string };
      };
    }[];
  };
}

export interface Outcome {
  /** Undefined while it goes on. */
  ended?: "succeeded" | "failed" | "not pulled";
  said: string;
}

/** Dials every target, then makes one request over TLS, which shows that the authority has arrived. */
const script = `
const { connect } = require("node:net");
const dial = ({ host, port }) => new Promise((resolve) => {
  const socket = connect({ host, port, timeout: 5000 });
  const settle = (problem) => { socket.destroy(); resolve(problem); };
  socket.once("connect", () => settle());
  socket.once("timeout", () => settle(host + ":" + port + " does not answer"));
  socket.once("error", (error) => settle(host + ":" + port + " " + error.code));
});
(async () => {
  const problems = (await Promise.all(JSON.parse(process.env.TARGETS).map(dial))).filter(Boolean);
  if (problems.length === 0) {
    await fetch(process.env.AWS_ENDPOINT_URL).catch((error) => problems.push(String(error.cause ?? error)));
  }
  process.stderr.write(problems.join("; "));
  process.exitCode = problems.length > 0 ? 1 : 0;
})();`;

export function probePod({ name, node, image, targets }: ProbeSpec) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: probeNamespace },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }],
          },
        },
      },
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "probe",
          image,
          command: ["node", "-e", script],
          env: [{ name: "TARGETS", value: JSON.stringify(targets) }],
          terminationMessagePolicy: "FallbackToLogsOnError",
          resources: { requests: { cpu: "20m", memory: "64Mi" }, limits: { memory: "256Mi" } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    },
  };
}

/** The kubelet tries a pull again by itself; one refusal says enough here. */
const notPulled = new Set(["ErrImagePull", "ImagePullBackOff", "InvalidImageName"]);

export function outcomeOf({ status }: ProbePod): Outcome {
  const { waiting, terminated } = status?.containerStatuses?.[0]?.state ?? {};
  if (status?.phase === "Succeeded") return { ended: "succeeded", said: "" };
  if (status?.phase === "Failed")
    return { ended: "failed", said: terminated?.message ?? terminated?.reason ?? "it ended without a word" };
  if (waiting?.reason && notPulled.has(waiting.reason))
    return { ended: "not pulled", said: waiting.message ?? waiting.reason };
  const unscheduled = status?.conditions?.find(({ type, status }) => type === "PodScheduled" && status === "False");
  return { said: unscheduled?.message ?? waiting?.message ?? waiting?.reason ?? status?.phase ?? "no state yet" };
}

import type { V1Pod } from "@kubernetes/client-node";
import { shipperName, shipperNamespace } from "../../components/logs/contract.ts";
import { defineCheck } from "../check.ts";
import { componentLabel } from "../documented/components.ts";
import { type ShipperOutput, subjectOf } from "../facts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { containersOf } from "../reason/kubernetes.ts";

/** The cloud's own log service, by its own API: Fluent Bit's plugin and Telegraf's are called alike. */
const logService = "cloudwatch_logs";
const off = /^(?:off|false|no|0)$/i;
const on = /^(?:on|true|yes|1)$/i;

/** TLS is what the log service's plugins speak unless they are told otherwise: so whatever tells them is looked for. */
export const shipperByTls = defineCheck({
  id: "TLS-04",
  title: "The shipper sends logs to the cloud's log service alone, by TLS, and believes no certificate unverified",
  severity: "high",
  claims: ["comm-fluentbit-tls"],
  documented: [],
  fix: "Bring the customer's stack up again: it writes the shipper's configuration.",
  needs: ["shipperOutputs", "pods"],
  evaluate({ shipperOutputs, pods }) {
    const shipping = pods.filter(isShipper);
    return [
      ...shipperOutputs.map(judgeOutput),
      ...(shipperOutputs.some(({ plugin }) => plugin === logService)
        ? []
        : [fail(`Namespace/${shipperNamespace}`, "no output goes to the cloud's log service")]),
      ...shipping.map(judgePod),
      ...(shipping.length > 0 ? [] : [fail(`Namespace/${shipperNamespace}`, "no pod ships")]),
    ];
  },
  sabotages: [
    {
      name: "TLS is off",
      apply: ({ shipperOutputs }) => set(shipperOutputs, "tls", "Off"),
    },
    {
      name: "certificates go unverified",
      apply: ({ shipperOutputs }) => set(shipperOutputs, "tls.verify", "off"),
    },
    {
      name: "the endpoint is spoken to in clear",
      apply: ({ shipperOutputs }) => set(shipperOutputs, "endpoint_url", "http://logs.us-east-2.amazonaws.com"),
    },
    {
      name: "a second output, last, sends lines elsewhere",
      apply({ shipperOutputs }) {
        const [first] = shipperOutputs;
        shipperOutputs.push({ from: first?.from ?? "", plugin: "http", settings: { host: "elsewhere.test" } });
      },
    },
    {
      name: "a variable of its pods sends it to another address in clear",
      apply({ pods }) {
        for (const container of pods.filter(isShipper).flatMap(containersOf))
          container.env = [
            ...(container.env ?? []),
            { name: "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", value: "http://a.test" },
          ];
      },
    },
    {
      name: "nothing ships",
      apply(facts) {
        facts.pods = facts.pods.filter((pod) => !isShipper(pod));
      },
    },
  ],
});

const isShipper = ({ metadata }: V1Pod) =>
  metadata?.namespace === shipperNamespace && metadata.labels?.[componentLabel] === shipperName;

function set(outputs: ShipperOutput[], name: string, value: string): undefined {
  for (const { plugin, settings } of outputs) if (plugin === logService) settings[name] = value;
}

function judgeOutput({ from, plugin, settings }: ShipperOutput): Finding {
  if (plugin !== logService) return fail(from, `sends to ${plugin || "an output without a name"}`);
  const bad = Object.entries(settings).find(([name, value]) => isWeak(name, value));
  if (bad) return fail(from, `${plugin} has ${bad.join(" = ")}`);
  return pass(from, `${plugin} by its own TLS${settings.region ? `, in ${settings.region}` : ""}`);
}

function isWeak(name: string, value: string): boolean {
  if (name === "insecure_skip_verify") return on.test(value);
  if (/^tls(?:[._]verify.*)?$/.test(name)) return off.test(value);
  return /^http:/i.test(value) || (name === "port" && value === "80");
}

function judgePod(pod: V1Pod): Finding {
  const subject = subjectOf("Pod", pod);
  const env = containersOf(pod).flatMap(({ env: own = [] }) => own);
  const clear = env.find(({ name, value = "" }) => /^AWS_ENDPOINT_URL/.test(name) && !value.startsWith("https://"));
  if (clear) return fail(subject, `${clear.name} is ${clear.value}`);
  const told = env.find(({ name }) => /^AWS_ENDPOINT_URL/.test(name))?.value;
  return pass(subject, told ? `sends to ${told}` : "sends to the cloud's own address");
}

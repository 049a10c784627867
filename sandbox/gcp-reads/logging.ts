import type { Entry } from "../providers/machine/kept.ts";
import { object } from "../providers/machine/reads.ts";
import { entriesOf, given, page, type Route } from "./answer.ts";
import { policyOf } from "./policy.ts";

/** Every project is born with them. Source: Cloud Logging, "Routing and storage overview". */
const born = ["_Required", "_Default"];
const parentOf = (project: string | undefined) => `projects/${project}/locations/global/buckets`;

export const loggingRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/v2\/projects\/([^/]+)\/locations\/-\/buckets$/,
    answer: ([project], query, from) => {
      const own = entriesOf(from, "gcp:logging/projectBucketConfig:ProjectBucketConfig").filter(([path]) =>
        path.startsWith(`projects/${project}/`),
      );
      const always = born.map((name) => ({ name: `${parentOf(project)}/${name}`, lifecycleState: "ACTIVE" }));
      return page("buckets", [...always, ...own.map(([name, entry]) => bucketAnswer(name, entry))], query);
    },
  },
  {
    method: "GET",
    path: /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+)\/views$/,
    answer: ([bucket = ""], query, from) => {
      const own = entriesOf(from, "gcp:logging/logView:LogView")
        .filter(([path]) => path.startsWith(`${bucket}/views/`))
        .map(([name, { inputs }]) => given({ name, filter: inputs.filter, description: inputs.description }));
      return page("views", [{ name: `${bucket}/views/_AllLogs` }, ...own], query);
    },
  },
  {
    method: "POST",
    path: /^\/v2\/(projects\/[^/]+\/locations\/[^/]+\/buckets\/[^/]+\/views\/[^/:]+):getIamPolicy$/,
    answer: ([view = ""], _, from) => policyOf(from, view),
  },
  {
    method: "GET",
    path: /^\/v2\/projects\/([^/]+)\/sinks$/,
    answer: ([project], query, from) => {
      const always = born.map((name) => ({
        ...{ name, destination: `logging.googleapis.com/${parentOf(project)}/${name}` },
        filter: `${name === "_Default" ? "NOT " : ""}LOG_ID("cloudaudit.googleapis.com/activity")`,
      }));
      const own = inProject(from, "gcp:logging/projectSink:ProjectSink", project).map(({ inputs, outputs }) =>
        given({
          ...{ name: inputs.name, destination: inputs.destination, filter: inputs.filter, disabled: inputs.disabled },
          ...{ description: inputs.description, writerIdentity: outputs.writerIdentity },
        }),
      );
      return page("sinks", [...always, ...own], query);
    },
  },
  {
    method: "GET",
    path: /^\/v2\/projects\/([^/]+)\/exclusions$/,
    answer: ([project], query, from) => {
      const own = inProject(from, "gcp:logging/projectExclusion:ProjectExclusion", project).map(({ inputs }) =>
        given({ name: inputs.name, filter: inputs.filter, description: inputs.description, disabled: inputs.disabled }),
      );
      return page("exclusions", own, query);
    },
  },
];

function inProject(from: Parameters<typeof entriesOf>[0], type: string, project: string | undefined): Entry[] {
  return entriesOf(from, type)
    .filter(([path]) => path.startsWith(`projects/${project}/`))
    .map(([, entry]) => entry);
}

export function bucketAnswer(name: string, { inputs }: Entry): object {
  const { retentionDays, cmekSettings, description } = inputs;
  return given({
    ...{ name, description, retentionDays, lifecycleState: "ACTIVE" },
    cmekSettings: cmekSettings && { kmsKeyName: object(cmekSettings).kmsKeyName },
  });
}

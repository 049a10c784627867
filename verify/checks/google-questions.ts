/** Questions to the policies of a project, each with the answer that is right. */
import { secretIdPrefix } from "../../components/secrets/names.ts";
import { taskAccounts } from "../google-accounts.ts";
import { type Finding, fail, pass } from "../outcome.ts";
import { asker, type GooglePlane, named, type Question } from "../reason/gcp/plane.ts";
import type { GoogleTarget } from "../target.ts";

export interface Asked extends Question {
  wanted: "allow" | "deny";
}

export const objectRights = ["storage.objects.get", "storage.objects.create", "storage.objects.delete"];
export const secretRights = [
  "secretmanager.secrets.delete",
  "secretmanager.versions.access",
  "secretmanager.versions.add",
];

/** One of the plane's, by the name that IAM knows it by. */
export function secretOf(org: string, number: string): string {
  return named.secret(`projects/${number}/secrets/${secretIdPrefix(org)}name`);
}

/** What is not certain is never right. @param groups every group that the askers are in; undefined where nobody told */
export function askAll(plane: GooglePlane, questions: readonly Asked[], groups?: readonly string[]): Finding[] {
  const ask = asker(plane, questions, groups);
  return questions.map((question) => {
    const { principal, permission, resource, wanted } = question;
    const { decision, by } = ask(question);
    const subject = `${principal} → ${permission} ${resource}`;
    return decision === wanted ? pass(subject, by) : fail(subject, `${decision}, where ${wanted} is right: ${by}`);
  });
}

/** Everything that leads to the plane's data: reading it, becoming who reads it, and changing who may. */
export function waysToData(target: GoogleTarget, number: string): Pick<Question, "permission" | "resource">[] {
  const { accounts, buckets, org, project, region, repository, logView } = target;
  const ask = (resource: string, ...rights: string[]) => rights.map((permission) => ({ permission, resource }));
  const takes = [
    "getAccessToken",
    "signBlob",
    "signJwt",
    "getOpenIdToken",
    "actAs",
    "implicitDelegation",
    "setIamPolicy",
  ];
  return [
    ...[buckets.metadata, buckets.fastRegistration].flatMap((name) => [
      ...ask(named.object(name, `${org}/object`), "storage.objects.get", "storage.objects.create"),
      ...ask(named.bucket(name), "storage.objects.list", "storage.buckets.setIamPolicy"),
    ]),
    ...ask(secretOf(org, number), "secretmanager.versions.access", "secretmanager.secrets.setIamPolicy"),
    ...ask(
      named.repository(`projects/${project}/locations/${region}/repositories/${repository}`),
      "artifactregistry.repositories.downloadArtifacts",
      "artifactregistry.repositories.uploadArtifacts",
    ),
    ...(logView ? ask(named.view(logView), "logging.views.access") : []),
    ...[accounts.admin, ...taskAccounts(target).map(({ email }) => email)].flatMap((email) =>
      ask(named.account(project, email), ...takes.map((right) => `iam.serviceAccounts.${right}`)),
    ),
    ...ask(
      named.above(`projects/${project}`),
      "resourcemanager.projects.setIamPolicy",
      "iam.serviceAccountKeys.create",
      "iam.roles.update",
      "logging.logEntries.list",
      "logging.privateLogEntries.list",
      "logging.sinks.create",
      "container.secrets.get",
      "container.pods.exec",
    ),
  ];
}

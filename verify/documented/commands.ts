/** The 18 command lines of the data-plane document, verbatim; placeholders in angle brackets are the document's own. */
import { type Cloud, cloudNames } from "../check.ts";

export interface DocumentedCommand {
  /** C01 to C11, as in the catalogue of controls. */
  group: string;
  line: string;
  /** What the line cannot show, so that the check beside it has to. */
  weakness?: string;
  /** The same, in the clouds that the document writes no line of its own for. @default weakness */
  weaknessElsewhere?: string;
}

const iam = "lists policy names, not what they allow";

export const documentedCommands: readonly DocumentedCommand[] = [
  { group: "C01", line: "kubectl get pods -n union", weakness: '"present" is not "ready"' },
  { group: "C01", line: "kubectl get deployments -n union -o wide" },
  { group: "C02", line: "kubectl describe pod <executor-pod> -n union" },
  {
    group: "C03",
    line: "kubectl get clusterrolebindings | grep union",
    weakness: 'drops every binding without "union" in its line, and shows no rule',
  },
  {
    group: "C04",
    line: "kubectl get networkpolicies -A",
    weakness: "an empty list exits 0; nothing shows enforcement",
  },
  { group: "C05", line: "kubectl get resourcequotas -A", weakness: "a quota may be absurdly high" },
  {
    group: "C06",
    line: "kubectl get pods -n <namespace> -o jsonpath='{.items[0].spec.securityContext}'",
    weakness: "the first pod's pod-level context only",
  },
  { group: "C07", line: "aws iam get-role --role-name adminflyterole" },
  { group: "C07", line: "aws iam list-role-policies --role-name adminflyterole", weakness: iam },
  { group: "C07", line: "aws iam list-attached-role-policies --role-name adminflyterole", weakness: iam },
  { group: "C07", line: "aws iam get-role --role-name userflyterole" },
  { group: "C07", line: "aws iam list-role-policies --role-name userflyterole", weakness: iam },
  { group: "C07", line: "aws iam list-attached-role-policies --role-name userflyterole", weakness: iam },
  {
    group: "C08",
    line: "kubectl get sa -n union -o yaml | grep role-arn",
    weakness: "one annotated account satisfies it",
    weaknessElsewhere: "asks for AWS's annotation, which no account has in another cloud: nothing found is right here",
  },
  {
    group: "C09",
    line: "kubectl get secrets -n union -o name | grep -i aws",
    weakness: "sees names only, in one namespace",
  },
  {
    group: "C10",
    line: "kubectl get pods -n union | grep build",
    weakness: "the build pod runs in the project's namespace",
  },
  { group: "C10", line: "kubectl logs <buildkit-pod> -n union" },
  {
    group: "C11",
    line: "aws ecr describe-images --repository-name <repo> --image-ids imageTag=<tag>",
    weakness: "presence in one registry is not absence elsewhere",
  },
];

/**
 * The document asks clouds other than AWS nothing, so there is no line to run in its place.
 *
 * @param beside ids of the checks that stand beside the line's group and judge in that cloud
 * @returns why the line does not run there; undefined for one that asks the cluster, which is alike in every cloud
 */
export function onlyOnAws(line: string, cloud: Cloud, beside: readonly string[]): string | undefined {
  if (cloud === "aws" || !line.startsWith("aws ")) return undefined;
  return `not run on ${cloudNames[cloud]}: it asks AWS; there ${beside.join(", ")} decide${beside.length === 1 ? "s" : ""} the same`;
}

/** Fills the document's placeholders. @returns the missing placeholder's name when a value is not known. */
export function fill(line: string, values: Record<string, string | undefined>): { line: string } | { missing: string } {
  let missing: string | undefined;
  const filled = line.replace(/<([a-z-]+)>/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) missing ??= name;
    return value ?? whole;
  });
  return missing === undefined ? { line: filled } : { missing };
}

/** The shape of a check: data about it, one pure function from facts to findings, and the sabotages that must turn it red. */
import type { FactName, Facts } from "./facts.ts";
import type { Finding } from "./outcome.ts";
import type { Severity } from "./severity.ts";
import {
  type AzureTarget,
  type ControlPlane,
  type GoogleTarget,
  type PlaneTarget,
  planeOf,
  type Target,
  type Targets,
} from "./target.ts";

interface Sabotage<K extends FactName, T> {
  /** What an attacker, or a typo, would have done. */
  name: string;
  /** Breaks a copy of the facts that were just read. Returns false when they hold nothing to break. */
  apply(facts: Pick<Facts, K>, target: T): undefined | false;
}

/** @typeParam T the plane that it looks at: a customer's, or the region's */
export interface Check<K extends FactName = FactName, T = Target> {
  /** `AREA-NN`, never reused. */
  id: string;
  title: string;
  severity: Severity;
  /** Ids of the ledger that a PASS proves, for the models and the cloud of the target. */
  claims: readonly string[];
  /**
   * Claims that we deliberately outdo: a PASS proves a stricter statement instead, by a decision record that names the
   * claim. Id → file, from the checkout's root. @default none
   */
  supersedes?: Readonly<Record<string, string>>;
  /** Groups of documented commands (C01 to C11) that this check stands beside. */
  documented: readonly string[];
  /** What to do about a finding. */
  fix: string;
  needs: readonly K[];
  /** It judges what `--probe` tried, and is not asked without. @default false */
  probes?: boolean;
  evaluate(facts: Pick<Facts, K>, target: T): Finding[];
  sabotages: readonly [Sabotage<K, T>, ...Sabotage<K, T>[]];
  /** Words when the check does not apply to this target at all, with the evidence. */
  notApplicable?(target: T): string | undefined;
}

export type Plane = "compute" | "control";

export const clouds = ["aws", "gcp", "azure"] as const;
export type Cloud = (typeof clouds)[number];

/** As a person calls them. */
export const cloudNames: Readonly<Record<Cloud, string>> = { aws: "AWS", gcp: "Google Cloud", azure: "Azure" };

export interface AnyCheck extends Check<FactName, Targets> {
  plane: Plane;
  /** Where the planes stand that it can judge. */
  clouds: readonly Cloud[];
}

/** Of a customer's plane on AWS. Keeps a check's own fact names, and hands it to the registry under one type. */
export function defineCheck<const K extends FactName>(check: Check<K>): AnyCheck {
  return widen("compute", ["aws"], check, ({ customer }) => customer);
}

/** Of a customer's plane on Google Cloud. */
export function defineGoogleCheck<const K extends FactName>(check: Check<K, GoogleTarget>): AnyCheck {
  return widen("compute", ["gcp"], check, ({ google }) => google);
}

/** Of a customer's plane on Azure. */
export function defineAzureCheck<const K extends FactName>(check: Check<K, AzureTarget>): AnyCheck {
  return widen("compute", ["azure"], check, ({ azure }) => azure);
}

/** Of a customer's plane by what its cluster tells, which is alike in every cloud, or by what was tried. */
export function defineClusterCheck<const K extends FactName>(check: Check<K, PlaneTarget>): AnyCheck {
  return widen("compute", clouds, check, planeOf);
}

/** Of the region's plane. */
export function defineRegionCheck<const K extends FactName>(check: Check<K, ControlPlane>): AnyCheck {
  return widen("control", ["aws"], check, ({ controlPlane }) => controlPlane);
}

interface Joint<T> {
  customer: T;
  controlPlane: ControlPlane;
}

/** Of a customer's plane and its region's together: what one of them alone does not tell. It counts for the customer's. */
export function defineJointCheck<const K extends FactName>(check: Check<K, Joint<PlaneTarget>>): AnyCheck {
  return widen("compute", clouds, check, (targets) => joint(planeOf(targets), targets));
}

/** The same, by what an account on AWS tells. */
export function defineAwsJointCheck<const K extends FactName>(check: Check<K, Joint<Target>>): AnyCheck {
  return widen("compute", ["aws"], check, (targets) => joint(targets.customer, targets));
}

/** The same, by what a project on Google Cloud tells. */
export function defineGoogleJointCheck<const K extends FactName>(check: Check<K, Joint<GoogleTarget>>): AnyCheck {
  return widen("compute", ["gcp"], check, (targets) => joint(targets.google, targets));
}

/** The same, by what a subscription on Azure tells. */
export function defineAzureJointCheck<const K extends FactName>(check: Check<K, Joint<AzureTarget>>): AnyCheck {
  return widen("compute", ["azure"], check, (targets) => joint(targets.azure, targets));
}

function joint<T>(customer: T | undefined, { controlPlane }: Targets): Joint<T> | undefined {
  return customer && controlPlane ? { customer, controlPlane } : undefined;
}

const missing: Record<Plane, string> = {
  compute:
    "the target does not name all that it looks at: the customer's plane in a cloud that it reads, or the control plane beside it",
  control: "the target names no control plane",
};

function widen<K extends FactName, T>(
  plane: Plane,
  clouds: readonly Cloud[],
  check: Check<K, T>,
  lookAt: (targets: Targets) => T | undefined,
): AnyCheck {
  const need = (targets: Targets): T => {
    const target = lookAt(targets);
    if (target === undefined) throw new Error(`${check.id}: ${missing[plane]}`);
    return target;
  };
  return {
    ...check,
    plane,
    clouds,
    evaluate: (facts, targets) => check.evaluate(pick(facts, check.needs), need(targets)),
    sabotages: check.sabotages.map((sabotage) => ({
      name: sabotage.name,
      apply: (facts: Facts, targets: Targets) => sabotage.apply(facts, need(targets)),
    })) as [Sabotage<FactName, Targets>, ...Sabotage<FactName, Targets>[]],
    notApplicable(targets) {
      const target = lookAt(targets);
      return target === undefined ? missing[plane] : check.notApplicable?.(target);
    },
  };
}

function pick<K extends FactName>(facts: Facts, names: readonly K[]): Pick<Facts, K> {
  return Object.fromEntries(names.map((name) => [name, facts[name]])) as Pick<Facts, K>;
}

import * as cloudflare from "@pulumi/cloudflare";
import type * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";

/** block: matches are refused. log: they are only recorded, to learn from before a first rollout. */
export type FirewallMode = "block" | "log";

/** Requests a minute from one address. People behind one NAT share an address: set it by the largest customer. */
export interface RateLimits {
  /** Everything. @default 6000 */
  requests: number;
  /** Token and login paths, where passwords are guessed. @default 120 */
  logins: number;
}

export const defaultRateLimits: RateLimits = { requests: 6000, logins: 120 };

/** Cloudflare's own ruleset, kept up to date by them; the id is the same in every zone. */
const managedRuleset = "efb7b8c949ac4650a09736fc376e9aee";
const periodSeconds = 60;
const loginPaths = ["/oauth2/", "/login"];

/** @throws UserError for limits that let nobody work, or logins above everything. */
export function checkRateLimits(limits: RateLimits): RateLimits {
  const { requests, logins } = limits;
  const whole = [requests, logins].every((value) => Number.isInteger(value) && value >= 10 && value <= 1_000_000);
  if (!whole || logins > requests) {
    throw refusal({
      subject: "biplane:edge.rateLimits",
      value: limits,
      allowed: "whole numbers from 10 to 1000000 a minute, logins at most as many as requests",
    });
  }
  return limits;
}

type Rule = NonNullable<pulumi.Unwrap<cloudflare.RulesetArgs>["rules"]>[number];

/** Logins first: a request counts for every rule that it matches. */
export function planRateRules({ requests, logins }: RateLimits): Rule[] {
  const paths = loginPaths.map((path) => `starts_with(http.request.uri.path, "${path}")`).join(" or ");
  return [limitRule("logins", `(${paths})`, logins), limitRule("requests", "(true)", requests)];
}

function limitRule(ref: string, expression: string, requestsPerPeriod: number): Rule {
  return {
    ref,
    description: `At most ${requestsPerPeriod} ${ref} a minute from one address`,
    expression,
    action: "block",
    enabled: true,
    ratelimit: {
      // Cloudflare counts in each of its places apart and wants that said.
      characteristics: ["cf.colo.id", "ip.src"],
      period: periodSeconds,
      requestsPerPeriod,
      mitigationTimeout: periodSeconds,
    },
  };
}

export function planManagedRules(mode: FirewallMode): Rule[] {
  const overrides = mode === "log" ? { action: "log" } : undefined;
  return [
    {
      ref: "managed",
      description: "Cloudflare's managed rules",
      expression: "true",
      action: "execute",
      enabled: true,
      actionParameters: { id: managedRuleset, ...(overrides ? { overrides } : {}) },
    },
  ];
}

/** The zone's two rule lists. A zone has one list a phase, so one stack owns them. */
export function createFirewall(
  name: string,
  { zoneId, mode, limits }: { zoneId: string; mode: FirewallMode; limits: RateLimits },
  parent: pulumi.Resource,
): void {
  const lists = {
    managed: { phase: "http_request_firewall_managed", rules: planManagedRules(mode) },
    rates: { phase: "http_ratelimit", rules: planRateRules(checkRateLimits(limits)) },
  };
  for (const [list, { phase, rules }] of Object.entries(lists)) {
    new cloudflare.Ruleset(
      `${name}-${list}`,
      { zoneId, kind: "zone", phase, name: `${name}-${list}`, description: "Biplane", rules },
      { parent },
    );
  }
}

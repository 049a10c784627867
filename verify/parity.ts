/**
 * Every claim that a check decides in one cloud is decided in each other that it speaks of, or somebody has put off doing
 * so until a day: no gap is silent. The list of what is put off is `parity.yaml`. Regions stand in one cloud alone,
 * whichever their customers are in, so what a check of theirs decides counts for all.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { refusal } from "../shared/errors.ts";
import { type AnyCheck, type Cloud, clouds } from "./check.ts";
import { findClaim } from "./claims/ledger.ts";
import type { Limit } from "./limits.ts";
import type { ReportedCheck } from "./report/result.ts";

const waiversSchema = z.strictObject({
  waivers: z.array(
    z.strictObject({
      cloud: z.enum(clouds),
      until: z.iso.date().describe("The last day on which it counts"),
      reason: z.string().min(10),
      claims: z.array(z.string()).min(1),
    }),
  ),
});

export type ParityWaiver = z.infer<typeof waiversSchema>["waivers"][number];

/** One control in one cloud. */
export interface Cell {
  claim: string;
  cloud: Cloud;
  /** Ids of checks. */
  by: string[];
  waiver?: ParityWaiver;
}

const home = join(import.meta.dirname, "parity.yaml");

/** @throws UserError for what is no such list */
export function readParityWaivers(file = home): ParityWaiver[] {
  const parsed = waiversSchema.safeParse(parse(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data.waivers;
  throw refusal({
    subject: file,
    value: z.prettifyError(parsed.error),
    allowed: "waivers: [{cloud, until, reason, claims}]",
  });
}

export const claimsOf = ({ claims, supersedes = {} }: Pick<AnyCheck, "claims" | "supersedes">) => [
  ...claims,
  ...Object.keys(supersedes),
];

/** Of each claim that any check decides, in each cloud that it speaks of. */
export function cellsOf(checks: readonly AnyCheck[], waivers: readonly ParityWaiver[]): Cell[] {
  const claims = [...new Set(checks.flatMap(claimsOf))];
  return claims.flatMap((claim) =>
    clouds
      .filter((cloud) => findClaim(claim)?.clouds.includes(cloud))
      .map((cloud) => {
        const deciding = checks.filter((check) => claimsOf(check).includes(claim) && judges(check, cloud));
        const waiver = waivers.find((one) => one.cloud === cloud && one.claims.includes(claim));
        return { claim, cloud, by: deciding.map(({ id }) => id), ...(waiver ? { waiver } : {}) };
      }),
  );
}

export function judges({ plane, clouds }: Pick<AnyCheck, "plane" | "clouds">, cloud: Cloud): boolean {
  return plane === "control" || clouds.includes(cloud);
}

/** What is wrong with the matrix, each cell by its name. */
export function holesIn(cells: readonly Cell[], waivers: readonly ParityWaiver[]): string[] {
  const open = cells.filter(({ by, waiver }) => by.length === 0 && !waiver);
  const stale = cells.filter(({ by, waiver }) => by.length > 0 && waiver);
  const known = new Set(cells.map(({ claim, cloud }) => `${cloud} ${claim}`));
  const strange = waivers.flatMap(({ cloud, claims }) => claims.map((claim) => `${cloud} ${claim}`));
  return [
    ...open.map(({ cloud, claim }) => `${cloud} ${claim}: neither a check nor a waiver`),
    ...stale.map(({ cloud, claim, by }) => `${cloud} ${claim}: waived, and decided by ${by.join(", ")}`),
    ...strange.filter((name) => !known.has(name)).map((name) => `${name}: waived, and no check decides it anywhere`),
  ];
}

/** What is put off in a cloud, and counts on that day: gaps that are told and accepted. */
export function parityLimits(cells: readonly Cell[], cloud: Cloud, at: string): Limit[] {
  return cells.flatMap((cell) =>
    cell.cloud === cloud && cell.by.length === 0 && counts(cell.waiver, at)
      ? [{ claim: cell.claim, reason: `waived on ${cloud} until ${cell.waiver?.until}: ${cell.waiver?.reason}` }]
      : [],
  );
}

/**
 * A check of another cloud, on this one: what others decide here is none of its business, and of the rest it says that
 * nobody does.
 */
export function onOtherCloud(result: ReportedCheck, cells: readonly Cell[], cloud: Cloud, at: string): ReportedCheck {
  const here = cells.filter((cell) => cell.cloud === cloud && result.claims.includes(cell.claim));
  const lost = here.filter(({ by }) => by.length === 0);
  if (lost.length === 0) {
    const others = [...new Set(here.flatMap(({ by }) => by))].join(", ");
    return {
      ...result,
      outcome: "NOT_APPLICABLE",
      reason: `on ${cloud} decided by ${others || "nothing: it is not of that cloud"}`,
    };
  }
  const { supersedes: _, ...rest } = result;
  const waived = lost.every(({ waiver }) => counts(waiver, at));
  const until = [...new Set(lost.map(({ waiver }) => waiver?.until ?? "never"))].join(", ");
  const reason = waived
    ? `no check reads it on ${cloud} yet; waived until ${until}`
    : `no check reads it on ${cloud}, and its waiver has ended or there is none (${until})`;
  return { ...rest, claims: lost.map(({ claim }) => claim), outcome: "NOT_EVALUATED", reason };
}

function counts(waiver: ParityWaiver | undefined, at: string): boolean {
  return waiver !== undefined && at.slice(0, 10) <= waiver.until;
}

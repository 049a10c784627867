/** What the stack tells the sync: the settings of every plan, and which project-domains may be made. */
import { z } from "zod";
import { type Manifest, manifestsOf, planProject } from "../../../components/compute-plane/project-plan.ts";
import { label } from "../../shared/config.ts";
import type { Standing } from "./reconcile.ts";

export const settingsSchema = z.strictObject({
  org: label,
  /** Namespace of the platform's services. */
  platform: label,
  dnsServers: z.array(z.string()),
  egress: z.union([
    z.literal("open-443"),
    z.strictObject({
      cloudflareRanges: z.literal(true),
      endpoints: z.array(z.string()),
      region: z.array(z.string()).optional(),
    }),
  ]),
  /** Whose identities `roleArn` names: AWS where nothing is said. */
  cloud: z.enum(["aws", "gcp", "azure"]).optional(),
  buildsImages: z.boolean().optional(),
  servesApps: z.boolean().optional(),
  projects: z.array(z.strictObject({ project: label, domain: label, roleArn: z.string().min(1) })).min(1),
});

export type Settings = z.output<typeof settingsSchema>;
export type Space = Settings["projects"][number];

/** A project as the region has it. */
export interface KnownProject {
  id: string;
  domains: readonly string[];
  archived: boolean;
}

/** A project that is not in the whole list is gone, and one without that domain has no work there. */
export function standingOf({ project, domain }: Space, known: readonly KnownProject[]): Standing {
  const found = known.find(({ id }) => id === project);
  return found && !found.archived && found.domains.includes(domain) ? "active" : "parked";
}

export function planOf(space: Space, standing: Standing, settings: Settings, apiKey: string): Manifest[] {
  const plan = planProject(space, settings, standing === "parked");
  return manifestsOf(plan, { platform: settings.platform, identity: space.roleArn, apiKey });
}

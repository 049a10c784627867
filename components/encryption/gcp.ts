import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../../shared/errors.ts";
import { physicalName } from "../../shared/names.ts";
import type { Labels } from "../ownership/labels.ts";
import { type AgentPlace, type SealingService, serviceAgent } from "./gcp-agents.ts";

/** A key in Cloud KMS as those who use it see it: made here or adopted. */
export interface CloudKeyReference {
  /** `projects/…/locations/…/keyRings/…/cryptoKeys/…`, answered once its users may use it. */
  readonly name: pulumi.Output<string>;
}

export interface CloudKeysArgs<What extends string> extends AgentPlace {
  region: string;
  /** For each key the services of Google's that seal with it. */
  keys: Record<What, readonly SealingService[]>;
  /** On: neither keys nor what rests under them can be destroyed by the stack. */
  dataProtection: boolean;
  labels: Labels;
}

/** 90 days, as CIS asks of Google Cloud; older versions go on opening what they sealed. */
const rotationPeriod = "7776000s";
/** Longest wait that KMS knows, so that a mistaken destruction can be called back. */
const destroyScheduledDuration = "2592000s";

/**
 * Keys of one phase in a ring of the plane's region. Only the agents of the named services use them; nobody of the
 * plane has a right on a key, since services seal and open for whoever may read the object itself.
 * A ring and a key's name can never be deleted in Google Cloud: a destroy takes the key's versions, and a stack of the
 * same name has to import the ring and the keys that it left (docs/decisions/0030).
 * Proved by cmk-customer-keys, n-cmk-describe and enc-at-rest-object-store.
 */
export class CloudKeys<What extends string> extends pulumi.ComponentResource {
  readonly byName: Readonly<Record<What, CloudKeyReference>>;

  constructor(name: string, args: CloudKeysArgs<What>, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:encryption:CloudKeys", name, {}, opts);
    const { project, region } = args;
    const ring = new gcp.kms.KeyRing(
      name,
      { project, location: region, name: physicalName("google-resource", name) },
      { parent: this, protect: args.dataProtection },
    );
    const agents = new Map<SealingService, pulumi.Output<string>>();
    const agentOf = (service: SealingService) => {
      const known = agents.get(service) ?? serviceAgent(name, service, args, this);
      agents.set(service, known);
      return known;
    };
    const made = (Object.entries(args.keys) as [What, readonly SealingService[]][]).map(([what, services]) => {
      const users = services.map((service) => ({ service, member: agentOf(service) }));
      return [what, { name: createKey(`${name}-${what}`, what, { args, ring, users, parent: this }) }] as const;
    });
    this.byName = Object.fromEntries(made) as Record<What, CloudKeyReference>;
    this.registerOutputs({});
  }
}

interface Making {
  args: Pick<CloudKeysArgs<string>, "dataProtection" | "labels">;
  ring: gcp.kms.KeyRing;
  users: { service: SealingService; member: pulumi.Output<string> }[];
  parent: pulumi.Resource;
}

function createKey(name: string, what: string, { args, ring, users, parent }: Making): pulumi.Output<string> {
  const key = new gcp.kms.CryptoKey(
    name,
    {
      keyRing: ring.id,
      name: what,
      purpose: "ENCRYPT_DECRYPT",
      rotationPeriod,
      destroyScheduledDuration,
      labels: args.labels,
    },
    { parent, protect: args.dataProtection },
  );
  const granted = users.map(
    ({ service, member }) =>
      new gcp.kms.CryptoKeyIAMMember(
        `${name}-${service}`,
        { cryptoKeyId: key.id, role: "roles/cloudkms.cryptoKeyEncrypterDecrypter", member },
        { parent },
      ).id,
  );
  return pulumi.all([key.id, pulumi.all(granted)]).apply(([id]) => id);
}

/**
 * A key that exists and belongs to somebody else: used, and never changed. Its owner lets the service's agent use it.
 * @throws UserError unless it is a key's name in the wanted region: no service seals with a key of another one
 */
export function adoptCloudKey(
  keyName: string,
  { region, subject }: { region: string; subject: string },
): CloudKeyReference {
  const found = /^projects\/[^/]+\/locations\/([a-z0-9-]+)\/keyRings\/[\w-]+\/cryptoKeys\/[\w-]+$/.exec(keyName);
  if (found?.[1] === region) return { name: pulumi.output(keyName) };
  throw refusal({
    subject,
    value: keyName,
    allowed: `a key in ${region}, such as projects/<project>/locations/${region}/keyRings/<ring>/cryptoKeys/<key>`,
    todo: found ? "A service seals only with keys of its own region." : "A version is not taken: name its key.",
  });
}

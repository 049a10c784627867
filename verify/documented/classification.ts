/**
 * Every kind of data with its class, where it rests and how it travels (data-protection and classification pages): the
 * table that columns, buckets and other stores are held against. What no row names is not allowed to exist.
 */
import type { MetadataKind } from "../reason/metadata.ts";
import { declaredProjects, type PlaneTarget } from "../target.ts";

/** Whose it is, and how much of it there may be. */
type DataClass = "bulk customer data" | "inline customer data" | "orchestration metadata" | "platform metadata";

export interface Classified {
  class: DataClass;
  rests: string;
  travels: string;
}

const inDatabase = "the region's database, sealed, by organisation";
const byApi = "TLS to the API, after a token and a policy";

/** Of the control plane, by what a column holds. */
export const columnClasses: Readonly<Record<MetadataKind, Classified>> = {
  name: { class: "platform metadata", rests: inDatabase, travels: byApi },
  state: { class: "orchestration metadata", rests: inDatabase, travels: byApi },
  time: { class: "orchestration metadata", rests: inDatabase, travels: byApi },
  hash: { class: "orchestration metadata", rests: inDatabase, travels: "never leaves as it is" },
  reference: { class: "orchestration metadata", rests: inDatabase, travels: `${byApi}; it opens nothing by itself` },
  label: { class: "orchestration metadata", rests: inDatabase, travels: byApi },
  right: { class: "platform metadata", rests: inDatabase, travels: byApi },
  definition: { class: "orchestration metadata", rests: inDatabase, travels: `${byApi}, and down the tunnel to run` },
  reason: { class: "orchestration metadata", rests: inDatabase, travels: `up the tunnel, then ${byApi}` },
  answer: {
    class: "inline customer data",
    rests: `${inDatabase}, until the action that asked has ended`,
    travels: `${byApi}: from who answers to the task that asked, and to who may see its data`,
  },
};

const inAccount = (what: string) => `the customer's ${what}, in the chosen region`;

/** Of the compute plane, by the store. */
export const storeClasses = {
  metadataBucket: {
    class: "bulk customer data",
    rests: inAccount("metadata bucket"),
    travels: "TLS between the store and task pods, or a presigned URL to the client",
  },
  fastRegistrationBucket: {
    class: "bulk customer data",
    rests: inAccount("fast-registration bucket"),
    travels: "TLS, by a presigned URL for one object",
  },
  repository: { class: "bulk customer data", rests: inAccount("registry"), travels: "TLS to the customer's nodes" },
  secret: {
    class: "inline customer data",
    rests: inAccount("secrets manager"),
    travels: "TLS, written through the plane and read at a pod's start",
  },
  logGroup: {
    class: "inline customer data",
    rests: inAccount("log groups"),
    travels: "up the tunnel in memory, to who may see the run",
  },
} as const satisfies Record<string, Classified>;

export type StoreKind = keyof typeof storeClasses;

/**
 * In a bucket: what its keys begin with, of every project that the stack names. Nothing else is classified, so nothing else
 * may lie there; beneath these nobody need look.
 */
export function placesOf(target: PlaneTarget): string[] {
  return declaredProjects(target).map(({ project, domain }) => `${target.org}/${project}/${domain}/`);
}

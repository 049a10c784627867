/** Where the parts of the local cloud listen. What nothing but the front may call listens on its loopback. */
import { network } from "../hosts.ts";

export const cloudAddress = network.hosts.cloud.address;
export const cloudNamespace = network.hosts.cloud.namespace;

export const ports = {
  front: 443,
  registry: 5000,
  database: 5432,
  /** The object store's IAM and STS: verifies signatures itself, so it may be reached from everywhere. */
  judge: 7078,
  /** On loopback: */
  emulator: 5001,
  objects: 7070,
  judgePrivate: 7079,
  login: 9001,
  googleObjects: 4443,
  azureObjects: 10000,
} as const;

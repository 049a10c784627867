/** How the cluster gets its identity, and keeps it: registration with the one-time token, then renewals by certificate. */
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  type Certificate,
  ClusterLinkService,
  RegistrationService,
} from "../../../gen/biplane/cluster/v1/registration_pb.js";
import { unaryCall } from "../../shared/client.ts";
import type { ClusterName } from "../../shared/cluster-identity.ts";
import type { Logger } from "../../shared/log.ts";
import { hasEnded, type Identity, type IdentityStore, identitySchema, newKey, signingRequest } from "./identity.ts";

export interface EnrolmentDeps {
  name: ClusterName;
  token: string;
  store: IdentityStore;
  /** To the region's endpoint, trusted as any public host is. */
  gateway: Transport;
  log: Logger;
}

/** The saved identity while its certificate lives, otherwise a new registration. */
export async function currentIdentity(deps: EnrolmentDeps): Promise<Identity> {
  const saved = identitySchema.safeParse(await deps.store.load());
  if (saved.success && !hasEnded(saved.data.certificate)) return saved.data;
  return register(deps);
}

/**
 * With the key that is saved. Where the region has put that one out of use, its token admits another: what the old key
 * was known to, the new one is not.
 */
export async function register(deps: EnrolmentDeps): Promise<Identity> {
  const { key } = await deps.store.load();
  if (key === undefined) return registerWith(await newKey(), deps);
  try {
    return await registerWith(key, deps);
  } catch (error) {
    if (ConnectError.from(error).code !== Code.PermissionDenied) throw error;
    deps.log.warn("the region has put this cluster's key out of use, another is made", { ...deps.name });
    return registerWith(await newKey(), deps);
  }
}

/**
 * The key is saved before it is used: a pod that dies half-way comes back with the same key, to which alone the region
 * repeats its answer.
 */
async function registerWith(key: string, { name, token, store, gateway, log }: EnrolmentDeps): Promise<Identity> {
  await store.save({ key });
  const client = createClient(RegistrationService, gateway);
  const certificateRequest = await signingRequest(key);
  const { certificate, relayHost, tokenIssuer, tokenKeys } = await client.register(
    { ...name, token, certificateRequest },
    unaryCall,
  );
  const identity = { key, ...signed(certificate), relayHost, tokenIssuer, tokenKeys };
  await store.save(identity);
  log.info("registered with the region", { ...name, relayHost });
  return identity;
}

/** A certificate for a new key. `link` is authenticated by the present certificate. */
export async function renew(identity: Identity, store: IdentityStore, link: Transport): Promise<Identity> {
  const key = await newKey();
  const client = createClient(ClusterLinkService, link);
  const { certificate, tokenKeys } = await client.renew({ certificateRequest: await signingRequest(key) }, unaryCall);
  const renewed = { ...identity, key, ...signed(certificate), tokenKeys };
  await store.save(renewed);
  return renewed;
}

function signed(answer: Certificate | undefined): Pick<Identity, "certificate" | "authority"> {
  if (!answer?.certificate || !answer.authority) throw new Error("the region answered without a certificate");
  return { certificate: answer.certificate, authority: answer.authority };
}

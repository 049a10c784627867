/** Whose a member of an allow policy is: the customer's own, Google's for this very project, or somebody else's. */
import type { GoogleProjectFact } from "../../facts-google.ts";
import type { GoogleTarget } from "../../target.ts";

/** Google's projects in which the agents of its services have their accounts. Source: IAM, "Service agents". */
const agentHosts = [
  "cloud-filer",
  "cloudcomposer-accounts",
  "compute-system",
  "container-engine-robot",
  "containerregistry",
  "gcp-sa-artifactregistry",
  "gcp-sa-cloudkms",
  "gcp-sa-containerscanning",
  "gcp-sa-gkebackup",
  "gcp-sa-gkehub",
  "gcp-sa-gkenode",
  "gcp-sa-logging",
  "gcp-sa-monitoring",
  "gcp-sa-networkconnectivity",
  "gcp-sa-pubsub",
  "gcp-sa-secretmanager",
  "gs-project-accounts",
  "service-networking",
].join("|");

type Own = Pick<GoogleTarget, "ownDomains">;

/** @returns whether it is of the project, of Google for it, or of the customer's people */
export function isOwnMember(
  member: string,
  { id, number }: Pick<GoogleProjectFact, "id" | "number">,
  own: Own,
): boolean {
  const [kind = "", who = ""] = /^(\w+):(.*)$/.exec(member)?.slice(1) ?? [];
  switch (kind) {
    case "projectOwner":
    case "projectEditor":
    case "projectViewer":
      return who === id;
    case "user":
    case "group":
      return own.ownDomains.some((domain) => who.toLowerCase().endsWith(`@${domain.toLowerCase()}`));
    case "domain":
      return own.ownDomains.some((domain) => domain.toLowerCase() === who.toLowerCase());
    case "serviceAccount":
      return isOwnAccount(who, id, number);
    case "principal":
    case "principalSet":
      return isOwnPool(who, id, number);
    case "deleted":
      return true;
    default:
      return false;
  }
}

function isOwnAccount(who: string, id: string, number: string): boolean {
  const [domain, name] = id.includes(":") ? id.split(":") : [undefined, id];
  const host = `${name}${domain ? `.${domain}` : ""}.iam.gserviceaccount.com`;
  if (who.endsWith(`@${host}`) || who.startsWith(`${id}.svc.id.goog[`)) return true;
  if (who === `${number}-compute@developer.gserviceaccount.com`) return true;
  if (who === `${number}@cloudservices.gserviceaccount.com`) return true;
  return new RegExp(`^(service-|cmek-p)${number}@(${agentHosts})\\.iam\\.gserviceaccount\\.com$`).test(who);
}

/** Pods of the project's own clusters; a pool of another issuer is not the project's own, wherever it was made. */
function isOwnPool(who: string, id: string, number: string): boolean {
  const [, home, pool] =
    /^\/\/iam\.googleapis\.com\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)\//.exec(who) ?? [];
  return pool === `${id}.svc.id.goog` && (home === number || home === id);
}

/** A named role of an account of AWS, by the attribute that the kit's pool gives a session. */
export const vendorSession =
  /^principalSet:\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[\w-]+\/attribute\.aws_role\/arn:aws:sts::(\d{12}):assumed-role\/[\w+=,.@-]+$/;

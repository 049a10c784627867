/** Where the Kubernetes API answers. */
import { refusal } from "../../shared/errors.ts";

export interface ApiEndpoint {
  endpointPrivateAccess: true;
  endpointPublicAccess: boolean;
  publicAccessCidrs?: string[];
}

/** Source: Amazon EKS endpoints and quotas, "Public endpoint access CIDR ranges per cluster". */
export const maxPublicCidrs = 40;

const subject = "biplane:kubernetes.publicApi";
const octet = "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)";
/** Nothing wider than a /16: an allow-list that holds half the internet is none. */
const cidr = new RegExp(`^(?:${octet}\\.){3}${octet}/(?:1[6-9]|2\\d|3[0-2])$`);

/**
 * Private, always; public too for exactly the networks that are listed, of clients that no private link reaches.
 * @throws UserError for the whole internet, anything wider than a /16, doubles, and more than EKS takes.
 */
export function planEndpoint(publicCidrs: string[] = []): ApiEndpoint {
  checkPublicCidrs(publicCidrs, { most: maxPublicCidrs, whose: "EKS" });
  if (publicCidrs.length === 0) return { endpointPrivateAccess: true, endpointPublicAccess: false };
  return { endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: publicCidrs };
}

/** @throws UserError for the whole internet, anything wider than a /16, doubles, and more than the quota. */
export function checkPublicCidrs(publicCidrs: string[], { most, whose }: { most: number; whose: string }): void {
  for (const [at, value] of publicCidrs.entries()) {
    if (!cidr.test(value)) {
      throw refusal({ subject: `${subject}[${at}]`, value, allowed: "an IPv4 network of /16 to /32; never 0.0.0.0/0" });
    }
    if (publicCidrs.indexOf(value) !== at) throw refusal({ subject, value, allowed: "each network once" });
  }
  if (publicCidrs.length > most) {
    throw refusal({ subject, value: `${publicCidrs.length} networks`, allowed: `up to ${most}, ${whose}'s quota` });
  }
}

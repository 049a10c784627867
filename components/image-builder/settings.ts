/** What a customer says about image builds, and what is refused of it. */
import { refusal } from "../../shared/errors.ts";
import { checkApprovedRegistries } from "../admission/images.ts";
import { checkEgress } from "../workloads/egress.ts";
import { checkTagRule } from "./tags.ts";

export interface ImageBuilderSettings {
  /** Image of the build pods, by digest. */
  image: string;
  /** Registries, paths in them or repositories that base images may come from. */
  approvedBases: string[];
  /** How images are called: tags.ts. */
  tags: string;
  /** Networks, as CIDRs, in which the registries answer TLS: those of the bases, and the plane's own. */
  registries: string[];
  /** The one way by which packages reach a build. */
  packages: {
    /** Of the proxy, such as http://proxy.example.com:3128. */
    url: string;
    /** Where it answers, as CIDRs. */
    networks: string[];
  };
}

/** @throws UserError for what is no registry, no rule of tags, no network or no proxy, or would let out more than it says */
export function checkImageBuilder({ approvedBases, tags, registries, packages }: ImageBuilderSettings): void {
  checkApprovedRegistries("imageBuilder.approvedBases", approvedBases);
  if (approvedBases.length === 0) {
    throw refusal({ subject: "imageBuilder.approvedBases", value: [], allowed: "at least one registry" });
  }
  checkTagRule(tags);
  for (const endpoints of [registries, packages.networks]) checkEgress({ cloudflareRanges: true, endpoints });
  proxyPort(packages.url);
}

/** @returns the port that the proxy listens on */
export function proxyPort(url: string): number {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const plain = parsed?.protocol === "http:" && parsed.pathname === "/" && !parsed.username && !parsed.search;
  if (!parsed || !plain) {
    throw refusal({
      subject: "imageBuilder.packages.url",
      value: url,
      allowed: "an HTTP proxy without credentials, such as http://proxy.example.com:3128",
    });
  }
  return Number(parsed.port || 80);
}

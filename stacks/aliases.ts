/** Names by which the SDKs would also know a resource in the stack's state. */
import type { Alias, Input, ResourceTransformation, URN } from "@pulumi/pulumi";

/**
 * Of types at one API version of Azure's, up to thirty each, and at a preview version of Kubernetes': no class of these is ever
 * taken (`boundaries.test.ts`), so no state holds one.
 */
const foreign = /^azure-native:\w+\/v|^kubernetes:[\w.]+\/v\d+(?:alpha|beta)\d+:/;

/** The SDK works out a URN for each, which was most of what a preview did. A type's other former names stay. */
export const dropForeignAliases: ResourceTransformation = ({ props, opts }) => {
  return { props, opts: { ...opts, aliases: opts.aliases?.filter((alias) => !isForeign(alias)) } };
};

function isForeign(alias: Input<URN | Alias>): boolean {
  return typeof alias === "object" && "type" in alias && foreign.test(String(alias.type));
}

import * as pulumi from "@pulumi/pulumi";

/** Values as a stack's consumer sees them; secrets are unwrapped. */
export function settled(outputs: unknown): Promise<unknown> {
  return new Promise((resolve) => pulumi.unsecret(pulumi.output(outputs)).apply(resolve));
}

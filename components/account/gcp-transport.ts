import * as gcp from "@pulumi/gcp";
import * as pulumi from "@pulumi/pulumi";
import { oldTls, transportConstraints } from "./gcp-constraints.ts";

export interface GoogleTransportPoliciesArgs {
  /** Id of the project that they are set on. */
  project: pulumi.Input<string>;
}

/**
 * No rule of a bucket's refuses plain HTTP or old TLS on Google Cloud: these two policies do, for all of a project. Whoever
 * sets them administers the organisation's policies, which no right in a project includes.
 * Proved by comm-taskpod-object-store-tls and comm-client-object-store-https.
 */
export class GoogleTransportPolicies extends pulumi.ComponentResource {
  constructor(name: string, { project }: GoogleTransportPoliciesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("biplane:account:GoogleTransportPolicies", name, {}, opts);
    const set = (suffix: string, constraint: string, rule: gcp.types.input.orgpolicy.PolicySpecRule) =>
      new gcp.orgpolicy.Policy(
        `${name}-${suffix}`,
        {
          name: pulumi.interpolate`projects/${project}/policies/${constraint}`,
          parent: pulumi.interpolate`projects/${project}`,
          spec: { rules: [rule] },
        },
        { parent: this },
      );
    set("https", transportConstraints.plain, { enforce: "TRUE" });
    set("tls", transportConstraints.versions, { values: { deniedValues: [...oldTls] } });
    this.registerOutputs({});
  }
}

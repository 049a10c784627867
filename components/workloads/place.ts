import type * as pulumi from "@pulumi/pulumi";

/** Where in a stack and in its cluster the parts of one plane are made. */
export interface Place {
  name: string;
  namespace: pulumi.Input<string>;
  parent: pulumi.Resource;
}

/** All types of a cluster: EKS's own, and the launch templates of its nodes. */
import type { Types } from "../machine/resource.ts";
import type { Cloud } from "./cloud.ts";
import { clusterTypes } from "./eks.ts";
import { accessTypes } from "./eks-access.ts";
import { addonTypes } from "./eks-addon.ts";
import { nodeGroupTypes } from "./eks-node-group.ts";
import { launchTemplateTypes } from "./launch-template.ts";

export const eksTypes = (cloud: Cloud): Types => ({
  ...clusterTypes(cloud),
  ...accessTypes(cloud),
  ...addonTypes(cloud),
  ...nodeGroupTypes(cloud),
  ...launchTemplateTypes(cloud),
});

/** The rules about Azure, by concern. */
import type { Rule } from "../rule.ts";
import {
  azureApiNotPublic,
  azureClusterTellsAll,
  azureClusterWalls,
  azureNodeDisksSealed,
  azurePeopleByEntra,
  azureSecretsEncrypted,
} from "./azure-cluster.ts";
import { azureRightsBounded, azureRolesNamed, azureTrustExact } from "./azure-identity.ts";
import { azureNodesAreInside, azureNoIngress, azurePeersApproved } from "./azure-network.ts";
import {
  azureContainerClosed,
  azureImagesGuarded,
  azureKeyRotates,
  azureLogsKept,
  azureOwnerIsTagged,
  azureStoreClosed,
  azureStoreKeeps,
  azureStoreSealed,
  azureVaultKeeps,
} from "./azure-storage.ts";

export const azureRules: readonly Rule[] = [
  azureNoIngress,
  azureNodesAreInside,
  azurePeersApproved,
  azureApiNotPublic,
  azurePeopleByEntra,
  azureSecretsEncrypted,
  azureClusterWalls,
  azureNodeDisksSealed,
  azureClusterTellsAll,
  azureTrustExact,
  azureRightsBounded,
  azureRolesNamed,
  azureStoreClosed,
  azureContainerClosed,
  azureStoreSealed,
  azureStoreKeeps,
  azureVaultKeeps,
  azureKeyRotates,
  azureImagesGuarded,
  azureLogsKept,
  azureOwnerIsTagged,
];

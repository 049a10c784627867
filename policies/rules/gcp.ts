/** The rules about Google Cloud, by concern. */
import type { Rule } from "../rule.ts";
import {
  googleApiNotPublic,
  googleClusterTellsAll,
  googleClusterWalls,
  googleNodeDisksSealed,
  googleNodesHideThemselves,
  googleSecretsEncrypted,
} from "./gcp-cluster.ts";
import {
  googleNobodyAtLarge,
  googleNoKeys,
  googleRightsBounded,
  googleRolesNamed,
  googleTrustExact,
} from "./gcp-identity.ts";
import { googleImagesStay, googleKeyRotates, googleLogsKept, googleOwnerIsLabelled } from "./gcp-keys.ts";
import { googleNodesAreInside, googleNoIngress, googlePeersAccepted } from "./gcp-network.ts";
import { googleBucketClosed, googleBucketCors, googleBucketKeeps, googleBucketSealed } from "./gcp-storage.ts";

export const googleRules: readonly Rule[] = [
  googleNoIngress,
  googleNodesAreInside,
  googlePeersAccepted,
  googleApiNotPublic,
  googleSecretsEncrypted,
  googleClusterTellsAll,
  googleClusterWalls,
  googleNodesHideThemselves,
  googleNodeDisksSealed,
  googleNoKeys,
  googleTrustExact,
  googleRightsBounded,
  googleNobodyAtLarge,
  googleRolesNamed,
  googleKeyRotates,
  googleImagesStay,
  googleLogsKept,
  googleOwnerIsLabelled,
  googleBucketClosed,
  googleBucketSealed,
  googleBucketKeeps,
  googleBucketCors,
];

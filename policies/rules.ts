/** Every rule of the pack, by concern. */
import type { Rule, StackRule } from "./rule.ts";
import { namespaceIsWhole, nobodyIsAdmin, nothingListensOutside, rightsNamed } from "./rules/access.ts";
import { logsEncryptedAndKept, trailIsWhole, vaultLocked } from "./rules/audit.ts";
import { azureRules } from "./rules/azure.ts";
import {
  apiNotPublic,
  clusterSecretsEncrypted,
  clusterTellsAll,
  nodeDisksEncrypted,
  nodesKeepTheirRole,
} from "./rules/cluster.ts";
import {
  databaseEncrypted,
  databaseForcesTls,
  databaseInside,
  databaseOutlivesFailures,
  databasePasswordUnseen,
} from "./rules/database.ts";
import { zoneSpeaksModernTls } from "./rules/edge.ts";
import { googleRules } from "./rules/gcp.ts";
import { noStaticIdentity, noWidePolicyAttached, rightsAreBounded, trustIsExact } from "./rules/identity.ts";
import { imagesStayWhatTheyAre, keyRotates, nothingIsEverybodys } from "./rules/keys.ts";
import {
  balancersSpeakModernTls,
  everyPeerIsDescribed,
  noIngressFromAnywhere,
  noPublicAddressByPlacement,
  peersAreAccepted,
} from "./rules/network.ts";
import { ownerIsTagged } from "./rules/ownership.ts";
import { containersLimited, imagesByDigest, noSecretInEnvironment, podsRestricted } from "./rules/pods.ts";
import {
  bucketClosedToPublic,
  bucketCorsNamesItsOrigins,
  bucketIsWhole,
  bucketKeepsItsObjects,
  bucketVersioned,
} from "./rules/storage.ts";

export const rules: readonly Rule[] = [
  noIngressFromAnywhere,
  everyPeerIsDescribed,
  noPublicAddressByPlacement,
  peersAreAccepted,
  balancersSpeakModernTls,
  zoneSpeaksModernTls,
  databaseEncrypted,
  databaseInside,
  databasePasswordUnseen,
  databaseOutlivesFailures,
  databaseForcesTls,
  apiNotPublic,
  clusterSecretsEncrypted,
  clusterTellsAll,
  nodesKeepTheirRole,
  nodeDisksEncrypted,
  noStaticIdentity,
  trustIsExact,
  rightsAreBounded,
  noWidePolicyAttached,
  keyRotates,
  nothingIsEverybodys,
  imagesStayWhatTheyAre,
  bucketKeepsItsObjects,
  bucketClosedToPublic,
  bucketVersioned,
  bucketCorsNamesItsOrigins,
  trailIsWhole,
  logsEncryptedAndKept,
  vaultLocked,
  ownerIsTagged,
  podsRestricted,
  containersLimited,
  imagesByDigest,
  noSecretInEnvironment,
  rightsNamed,
  nobodyIsAdmin,
  ...googleRules,
  ...azureRules,
];

export const stackRules: readonly StackRule[] = [bucketIsWhole, namespaceIsWhole, nothingListensOutside];

/** The checks of the region's plane, in the order of the report. */
import type { AnyCheck } from "../check.ts";
import { threeBuiltinRoles } from "./auth-01-builtin-roles.ts";
import { regionInVendorAccount } from "./cp-01-vendor-account.ts";
import { oneManagedDatabase } from "./cp-02-managed-database.ts";
import { databaseEncrypted } from "./cp-03-database-encrypted.ts";
import { isolatedNetwork } from "./cp-04-isolated-network.ts";
import { restrictedSecurityGroups } from "./cp-05-security-groups.ts";
import { automatedBackups } from "./cp-06-backups.ts";
import { continuousMonitoring } from "./cp-07-monitoring.ts";
import { overManyZones } from "./cp-08-zones.ts";
import { noKubernetesRights } from "./cp-09-no-kubernetes-rights.ts";
import { noCustomerCredentials } from "./cp-10-no-customer-credentials.ts";
import { relayedInMemory } from "./cp-11-relay-sealed.ts";
import { automatedPatching } from "./cp-12-patching.ts";
import { accountHoldsBenchmark } from "./cp-13-account-benchmark.ts";
import { orgInEveryRecord } from "./db-01-org-in-every-record.ts";
import { rowSecurityForced } from "./db-02-row-security.ts";
import { metadataOnly } from "./db-03-metadata-only.ts";
import { onlyUris } from "./db-04-only-uris.ts";
import { everyCallAuthenticated } from "./rpc-01-authenticated.ts";
import { presentTlsOnly } from "./tls-01-versions.ts";
import { relayWantsCertificates } from "./tls-02-relay-certificates.ts";
import { bothChannelsWantCertificates } from "./tls-05-both-channels.ts";

export const regionChecks: readonly AnyCheck[] = [
  regionInVendorAccount,
  oneManagedDatabase,
  databaseEncrypted,
  isolatedNetwork,
  restrictedSecurityGroups,
  automatedBackups,
  continuousMonitoring,
  overManyZones,
  noKubernetesRights,
  noCustomerCredentials,
  relayedInMemory,
  automatedPatching,
  accountHoldsBenchmark,
  orgInEveryRecord,
  rowSecurityForced,
  metadataOnly,
  onlyUris,
  threeBuiltinRoles,
  everyCallAuthenticated,
  presentTlsOnly,
  relayWantsCertificates,
  bothChannelsWantCertificates,
];

/** Every check, in the order of the report. */
import type { AnyCheck } from "../check.ts";
import { appsServedInCluster } from "./app-01-serving.ts";
import { vendorRunsServing } from "./app-02-serving-lifecycle.ts";
import { googleVendorRunsServing } from "./app-22-google-serving-lifecycle.ts";
import { azureVendorRunsServing } from "./app-42-azure-serving-lifecycle.ts";
import { twoPrivateBuckets } from "./bkt-01-two-buckets.ts";
import { bucketsRefusePlainHttp } from "./bkt-02-tls-only.ts";
import { objectLayout } from "./bkt-03-layout.ts";
import { googleBucketsSealed } from "./bkt-21-google-buckets.ts";
import { googleBucketsRefusePlainHttp } from "./bkt-22-google-tls.ts";
import { googleObjectLayout } from "./bkt-23-google-layout.ts";
import { azureContainersSealed } from "./bkt-41-azure-storage.ts";
import { azureStoreByTls } from "./bkt-42-azure-tls.ts";
import { azureObjectLayout } from "./bkt-43-azure-layout.ts";
import { clusterInCustomerAccount } from "./cls-01-cluster-account.ts";
import { byocApiIsPrivate } from "./cls-02-private-api.ts";
import { vendorManagesCluster } from "./cls-03-managed-by-vendor.ts";
import { clusterServesOneOrg } from "./cls-04-dedicated-cluster.ts";
import { nodesAreTheCustomers } from "./cls-05-no-shared-compute.ts";
import { managementIsApart } from "./cls-06-management-apart.ts";
import { vendorKeepsItAvailable } from "./cls-07-availability.ts";
import { clusterInCustomerProject } from "./cls-21-google-project.ts";
import { googleApiIsPrivate } from "./cls-22-google-private-api.ts";
import { googleManagement } from "./cls-23-google-management.ts";
import { nodesAreTheProjects } from "./cls-25-google-nodes.ts";
import { googleVendorKeepsItAvailable } from "./cls-27-google-availability.ts";
import { clusterInCustomerSubscription } from "./cls-41-azure-subscription.ts";
import { azureApiIsPrivate } from "./cls-42-azure-private-api.ts";
import { azureManagement } from "./cls-43-azure-management.ts";
import { nodesAreTheSubscriptions } from "./cls-45-azure-nodes.ts";
import { azureVendorKeepsItAvailable } from "./cls-47-azure-availability.ts";
import { dataIsClassified } from "./dat-01-classified.ts";
import { googleDataIsClassified } from "./dat-21-google-classified.ts";
import { azureDataIsClassified } from "./dat-41-azure-classified.ts";
import { deploymentsAsReleased } from "./dep-01-deployments.ts";
import { executorIsController } from "./dep-02-executor-controller.ts";
import { twoRoles } from "./iam-01-two-roles.ts";
import { trustIsExact } from "./iam-02-trust.ts";
import { exactFamilies } from "./iam-03-families.ts";
import { narrowResources } from "./iam-04-narrow-resources.ts";
import { accountsAnnotated } from "./iam-05-annotations.ts";
import { noForeignPrincipals } from "./iam-06-no-foreign-principals.ts";
import { adminUsedByThree } from "./iam-07-admin-used-by.ts";
import { accountsMapToRoles } from "./iam-08-account-role-map.ts";
import { rolesReachTheirOwn } from "./iam-09-role-reach.ts";
import { sessionsByOwnToken } from "./iam-10-sessions.ts";
import { googleAccountsAnnotated } from "./iam-11-google-annotations.ts";
import { googleIdentitiesTaken } from "./iam-12-google-identities.ts";
import { googleWorkloadPool } from "./iam-13-google-workload-pool.ts";
import { accountsReachTheirOwn } from "./iam-14-account-reach.ts";
import { rolesMadeByCustomer } from "./iam-15-who-made-roles.ts";
import { googleFamilies } from "./iam-23-google-families.ts";
import { googleNarrow } from "./iam-24-google-narrow.ts";
import { noForeignMembers } from "./iam-26-google-foreign.ts";
import { googleReach } from "./iam-29-google-reach.ts";
import { googleSecretsReach } from "./iam-30-google-secrets.ts";
import { googleLogsReach } from "./iam-31-google-logs.ts";
import { accountsMadeByCustomer } from "./iam-32-google-who-made-accounts.ts";
import { azureAccountsAnnotated } from "./iam-41-azure-annotations.ts";
import { azureIdentitiesTaken } from "./iam-42-azure-identities.ts";
import { azureFamilies } from "./iam-43-azure-families.ts";
import { azureNarrow } from "./iam-44-azure-narrow.ts";
import { noForeignPrincipalsOnAzure } from "./iam-46-azure-foreign.ts";
import { azureReach } from "./iam-49-azure-reach.ts";
import { azureSecretsReach } from "./iam-50-azure-secrets.ts";
import { azureLogsReach } from "./iam-51-azure-logs.ts";
import { azureIdentitiesMadeByCustomer } from "./iam-55-azure-who-made.ts";
import { measuresKeptInCluster } from "./met-01-metrics-store.ts";
import { measuresOnSealedDisk } from "./met-02-metrics-disk.ts";
import { nothingListensOutside } from "./net-01-nothing-listens.ts";
import { noInboundRules } from "./net-02-no-inbound-rules.ts";
import { managementIsPrivate } from "./net-03-private-management.ts";
import { podsAreApart } from "./net-04-pods-apart.ts";
import { noGoogleInbound } from "./net-22-google-inbound.ts";
import { googleManagementIsPrivate } from "./net-23-google-private-management.ts";
import { noAzureInbound } from "./net-42-azure-inbound.ts";
import { azureManagementIsPrivate } from "./net-43-azure-private-management.ts";
import { namespacePerProject } from "./ns-01-namespace-per-project.ts";
import { quotaPerNamespace } from "./ns-02-resource-quota.ts";
import { roleBindingsStayHome } from "./ns-03-role-bindings.ts";
import { defaultDenyEverywhere } from "./ns-04-default-deny.ts";
import { limitsHold } from "./ns-05-limits-hold.ts";
import { podsAreNonRoot } from "./pod-01-non-root.ts";
import { executorAsReleased } from "./pod-02-executor.ts";
import { identityPerPod } from "./pod-03-workload-identity.ts";
import { imagesFromTheRegistry } from "./pod-04-images.ts";
import { componentsRun } from "./pod-05-components.ts";
import { googleIdentityPerPod } from "./pod-06-google-identity.ts";
import { azureIdentityPerPod } from "./pod-43-azure-identity.ts";
import { clusterBindingsReviewed } from "./rbac-01-cluster-role-bindings.ts";
import { platformRolesScoped } from "./rbac-02-scoped-accounts.ts";
import { noVendorSubjects } from "./rbac-03-no-vendor-subjects.ts";
import { permissionsMatchTable } from "./rbac-04-permissions-table.ts";
import { rbacGoverns } from "./rbac-05-rbac-governs.ts";
import { accountsAreMinimal } from "./rbac-06-minimal-accounts.ts";
import { registryEncryptedAndScanned } from "./reg-01-registry.ts";
import { googleRepositorySealed } from "./reg-21-google-repository.ts";
import { azureRegistrySealed } from "./reg-41-azure-registry.ts";
import { azureImagesScanned } from "./reg-42-azure-scanning.ts";
import { regionChecks } from "./region.ts";
import { dataStaysInPlace } from "./res-01-residency.ts";
import { googleDataStaysInPlace } from "./res-21-google-residency.ts";
import { azureDataStaysInPlace } from "./res-41-azure-residency.ts";
import { noStaticCredentials } from "./sec-01-static-credentials.ts";
import { noIamUsers } from "./sec-02-no-iam-users.ts";
import { secretsSealed } from "./sec-03-secrets-sealed.ts";
import { noGoogleKeys } from "./sec-04-google-keys.ts";
import { googleSecretsSealed } from "./sec-23-google-sealed.ts";
import { noAzureKeys } from "./sec-41-azure-keys.ts";
import { azureSecretsSealed } from "./sec-43-azure-sealed.ts";
import { storeByTlsOnly } from "./tls-03-object-store.ts";
import { shipperByTls } from "./tls-04-shipper.ts";
import { listenersByTls } from "./tls-06-listeners.ts";
import { networkEncryptsBetweenNodes } from "./tls-07-between-nodes.ts";
import { googleStoreByTlsOnly } from "./tls-23-google-object-store.ts";
import { googleLogsByTls } from "./tls-24-google-logs.ts";
import { googleEncryptsBetweenNodes } from "./tls-27-google-between-nodes.ts";
import { azureStoreReachedByTls } from "./tls-43-azure-object-store.ts";
import { azureLogsByTls } from "./tls-44-azure-logs.ts";
import { azureEncryptsBetweenNodes } from "./tls-47-azure-between-nodes.ts";
import { tunnelIsHeardOf } from "./tun-01-heartbeat.ts";
import { secondChannelIsOutbound } from "./tun-02-second-channel.ts";
import { vendorHasNoWayIn } from "./vnd-01-zero-vendor-access.ts";
import { vendorReadsNothing } from "./vnd-02-vendor-reads-nothing.ts";
import { tunnelIsTheOnlyConnection } from "./vnd-03-tunnel-only.ts";
import { vendorHasNoWayIntoProject } from "./vnd-21-google-zero-access.ts";
import { vendorReadsNothingInProject } from "./vnd-22-google-reads-nothing.ts";
import { googleTunnelIsTheOnlyConnection } from "./vnd-23-google-tunnel-only.ts";
import { vendorHasNoWayIntoSubscription } from "./vnd-41-azure-zero-access.ts";
import { vendorReadsNothingInSubscription } from "./vnd-42-azure-reads-nothing.ts";
import { azureTunnelIsTheOnlyConnection } from "./vnd-43-azure-tunnel-only.ts";

export const checks: readonly AnyCheck[] = [
  clusterInCustomerAccount,
  clusterInCustomerProject,
  clusterInCustomerSubscription,
  byocApiIsPrivate,
  googleApiIsPrivate,
  azureApiIsPrivate,
  vendorManagesCluster,
  googleManagement,
  azureManagement,
  managementIsPrivate,
  googleManagementIsPrivate,
  azureManagementIsPrivate,
  vendorHasNoWayIn,
  vendorReadsNothing,
  tunnelIsTheOnlyConnection,
  vendorHasNoWayIntoProject,
  vendorHasNoWayIntoSubscription,
  vendorReadsNothingInProject,
  vendorReadsNothingInSubscription,
  googleTunnelIsTheOnlyConnection,
  googleVendorKeepsItAvailable,
  azureTunnelIsTheOnlyConnection,
  azureVendorKeepsItAvailable,
  clusterServesOneOrg,
  nodesAreTheCustomers,
  nodesAreTheProjects,
  nodesAreTheSubscriptions,
  managementIsApart,
  vendorKeepsItAvailable,
  namespacePerProject,
  quotaPerNamespace,
  roleBindingsStayHome,
  defaultDenyEverywhere,
  podsAreNonRoot,
  executorAsReleased,
  identityPerPod,
  googleIdentityPerPod,
  azureIdentityPerPod,
  imagesFromTheRegistry,
  componentsRun,
  deploymentsAsReleased,
  executorIsController,
  clusterBindingsReviewed,
  platformRolesScoped,
  noVendorSubjects,
  permissionsMatchTable,
  rbacGoverns,
  accountsAreMinimal,
  noStaticCredentials,
  noIamUsers,
  noGoogleKeys,
  noAzureKeys,
  secretsSealed,
  googleSecretsSealed,
  azureSecretsSealed,
  twoRoles,
  rolesMadeByCustomer,
  trustIsExact,
  exactFamilies,
  narrowResources,
  accountsAnnotated,
  accountsMadeByCustomer,
  googleAccountsAnnotated,
  googleIdentitiesTaken,
  googleWorkloadPool,
  googleFamilies,
  googleNarrow,
  googleReach,
  googleSecretsReach,
  googleLogsReach,
  azureAccountsAnnotated,
  azureIdentitiesTaken,
  azureFamilies,
  azureNarrow,
  noForeignPrincipalsOnAzure,
  azureReach,
  azureSecretsReach,
  azureLogsReach,
  azureIdentitiesMadeByCustomer,
  noForeignMembers,
  noForeignPrincipals,
  adminUsedByThree,
  accountsMapToRoles,
  rolesReachTheirOwn,
  twoPrivateBuckets,
  bucketsRefusePlainHttp,
  objectLayout,
  googleBucketsSealed,
  googleBucketsRefusePlainHttp,
  googleObjectLayout,
  azureContainersSealed,
  azureStoreByTls,
  azureObjectLayout,
  registryEncryptedAndScanned,
  googleRepositorySealed,
  azureRegistrySealed,
  azureImagesScanned,
  dataStaysInPlace,
  googleDataStaysInPlace,
  azureDataStaysInPlace,
  dataIsClassified,
  googleDataIsClassified,
  azureDataIsClassified,
  nothingListensOutside,
  noInboundRules,
  noGoogleInbound,
  noAzureInbound,
  tunnelIsHeardOf,
  secondChannelIsOutbound,
  shipperByTls,
  appsServedInCluster,
  vendorRunsServing,
  googleVendorRunsServing,
  azureVendorRunsServing,
  networkEncryptsBetweenNodes,
  googleEncryptsBetweenNodes,
  azureEncryptsBetweenNodes,
  measuresKeptInCluster,
  measuresOnSealedDisk,
  limitsHold,
  podsAreApart,
  sessionsByOwnToken,
  accountsReachTheirOwn,
  storeByTlsOnly,
  listenersByTls,
  azureStoreReachedByTls,
  googleStoreByTlsOnly,
  googleLogsByTls,
  azureLogsByTls,
  ...regionChecks,
];

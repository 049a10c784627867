/** Every check, in the order of the report. */
import type { AnyCheck } from "../check.ts";
import { twoPrivateBuckets } from "./bkt-01-two-buckets.ts";
import { bucketsRefusePlainHttp } from "./bkt-02-tls-only.ts";
import { objectLayout } from "./bkt-03-layout.ts";
import { clusterInCustomerAccount } from "./cls-01-cluster-account.ts";
import { twoRoles } from "./iam-01-two-roles.ts";
import { trustIsExact } from "./iam-02-trust.ts";
import { exactFamilies } from "./iam-03-families.ts";
import { narrowResources } from "./iam-04-narrow-resources.ts";
import { accountsAnnotated } from "./iam-05-annotations.ts";
import { noForeignPrincipals } from "./iam-06-no-foreign-principals.ts";
import { nothingListensOutside } from "./net-01-nothing-listens.ts";
import { namespacePerProject } from "./ns-01-namespace-per-project.ts";
import { quotaPerNamespace } from "./ns-02-resource-quota.ts";
import { roleBindingsStayHome } from "./ns-03-role-bindings.ts";
import { defaultDenyEverywhere } from "./ns-04-default-deny.ts";
import { podsAreNonRoot } from "./pod-01-non-root.ts";
import { executorAsReleased } from "./pod-02-executor.ts";
import { identityPerPod } from "./pod-03-workload-identity.ts";
import { imagesFromTheRegistry } from "./pod-04-images.ts";
import { clusterBindingsReviewed } from "./rbac-01-cluster-role-bindings.ts";
import { platformRolesScoped } from "./rbac-02-scoped-accounts.ts";
import { noVendorSubjects } from "./rbac-03-no-vendor-subjects.ts";
import { registryEncryptedAndScanned } from "./reg-01-registry.ts";
import { regionChecks } from "./region.ts";
import { noStaticCredentials } from "./sec-01-static-credentials.ts";
import { noIamUsers } from "./sec-02-no-iam-users.ts";

export const checks: readonly AnyCheck[] = [
  clusterInCustomerAccount,
  namespacePerProject,
  quotaPerNamespace,
  roleBindingsStayHome,
  defaultDenyEverywhere,
  podsAreNonRoot,
  executorAsReleased,
  identityPerPod,
  imagesFromTheRegistry,
  clusterBindingsReviewed,
  platformRolesScoped,
  noVendorSubjects,
  noStaticCredentials,
  noIamUsers,
  twoRoles,
  trustIsExact,
  exactFamilies,
  narrowResources,
  accountsAnnotated,
  noForeignPrincipals,
  twoPrivateBuckets,
  bucketsRefusePlainHttp,
  objectLayout,
  registryEncryptedAndScanned,
  nothingListensOutside,
  ...regionChecks,
];

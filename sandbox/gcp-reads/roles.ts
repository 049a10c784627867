/**
 * What Google's own roles hold, of those that the kit's stacks grant.
 * Source: https://cloud.google.com/iam/docs/roles-permissions, read in 2026; Google adds to roles without a notice.
 */
const anyProject = ["resourcemanager.projects.get", "resourcemanager.projects.list"];
const of = (service: string, ...verbs: string[]) => verbs.map((verb) => `${service}.${verb}`);

export const predefinedRoles: Readonly<Record<string, readonly string[]>> = {
  "roles/storage.objectUser": [
    "orgpolicy.policy.get",
    ...anyProject,
    ...of("storage.folders", "create", "delete", "get", "list", "rename"),
    ...of("storage.managedFolders", "create", "delete", "get", "list"),
    ...of("storage.multipartUploads", "abort", "create", "list", "listParts"),
    ...of("storage.objects", "create", "delete", "get", "list", "move", "restore", "update"),
  ],
  "roles/iam.workloadIdentityUser": of("iam.serviceAccounts", "get", "getAccessToken", "getOpenIdToken", "list"),
  "roles/artifactregistry.reader": [
    ...of("artifactregistry.dockerimages", "get", "list"),
    ...of("artifactregistry.files", "download", "get", "list"),
    ...of("artifactregistry.packages", "get", "list"),
    ...of(
      "artifactregistry.repositories",
      "downloadArtifacts",
      "get",
      "list",
      "listEffectiveTags",
      "readViaVirtualRepository",
    ),
    ...of("artifactregistry.tags", "get", "list"),
    ...of("artifactregistry.versions", "get", "list"),
    ...anyProject,
  ],
  "roles/logging.viewAccessor": of("logging.logEntries", "download").concat(
    of("logging.views", "access", "listLogs", "listResourceKeys", "listResourceValues"),
  ),
  "roles/cloudkms.cryptoKeyEncrypterDecrypter": [
    ...of("cloudkms.cryptoKeyVersions", "useToDecrypt", "useToEncrypt"),
    "cloudkms.locations.get",
    "cloudkms.locations.list",
    "resourcemanager.projects.get",
  ],
  "roles/container.defaultNodeServiceAccount": [
    "autoscaling.sites.writeMetrics",
    "logging.logEntries.create",
    "monitoring.metricDescriptors.create",
    "monitoring.metricDescriptors.list",
    "monitoring.timeSeries.create",
    "monitoring.timeSeries.list",
  ],
  // All of GKE and of its clusters' own objects, hundreds; these are such as somebody here is asked about.
  "roles/container.admin": [
    ...of("container.clusters", "create", "delete", "get", "getCredentials", "list", "update"),
    ...of("container.pods", "create", "exec", "get", "list"),
    ...of("container.secrets", "create", "get", "list"),
    ...anyProject,
  ],
  // What a bucket grants by itself, to those who have a basic role on its project.
  "roles/storage.legacyBucketOwner": [
    ...of("storage.buckets", "enableObjectRetention", "get", "getIamPolicy", "setIamPolicy", "update"),
    ...of("storage.multipartUploads", "abort", "create", "list", "listParts"),
    ...of("storage.objects", "create", "createContext", "delete", "list", "restore"),
  ],
  "roles/storage.legacyBucketReader": ["storage.buckets.get", "storage.multipartUploads.list", "storage.objects.list"],
  "roles/storage.legacyObjectOwner": of("storage.objects", "get", "getIamPolicy", "setIamPolicy", "update"),
  "roles/storage.legacyObjectReader": ["storage.objects.get"],
};

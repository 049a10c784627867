/** Names by which images are built: of the service that takes a build, and of the pod that runs it. */

/** Where builds run, and nothing else: among the Pod Security exceptions. */
export const buildNamespace = "union-build";

/** The service of the platform's namespace that takes builds, as its account is documented. */
export const builderService = "imagebuilder";
export const builderAccount = "union-imagebuilder";

/** Label of the build pods, whose names begin with `build-`. */
export const buildPodName = "buildkit";
export const buildPort = 1234;

/** Who a build runs as: a user without any right, in a user namespace of its own. */
export const builderUser = 1000;

/** Of the tokens by which a task pod shows the builder whose build it is. */
export const builderAudience = "imagebuilder.biplane.dev";

/** Secret of the build namespace: certificate and key of the daemons, and the authority of their one caller. */
export const daemonTlsSecret = "buildkit-tls";
/** The host that the daemons' certificate is for, wherever they run. */
export const daemonHost = "buildkit";

/** The task that the client runs to have an image built, in the caller's own project. */
export const buildTask = { project: "system", domain: "production", name: "build-image" } as const;

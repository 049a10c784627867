import { ECRClient } from "@aws-sdk/client-ecr";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { z } from "zod";
import { daemonHost } from "../../../components/image-builder/contract.ts";
import { ImageBuildService } from "../../../gen/biplane/images/v1/images_pb.js";
import { UserError } from "../../../shared/errors.ts";
import { keptKubeConfig } from "../../../shared/kube-config.ts";
import { logSink } from "../../shared/auth/audit.ts";
import { httpUrl, label, servedProjects } from "../../shared/config.ts";
import { denied } from "../../shared/errors.ts";
import { runService } from "../../shared/service.ts";
import { serverTls } from "../../shared/service-tls.ts";
import { clusterKeys } from "./cluster-keys.ts";
import { bucketContexts } from "./context.ts";
import { kubernetesDaemons } from "./daemons.ts";
import { ecrRegistry } from "./registry.ts";
import { imageBuildService } from "./service.ts";
import { taskTokens } from "./task-token.ts";

await runService({
  name: "imagebuilder",
  shape: {
    ORG: label,
    PROJECTS: servedProjects,
    /** Of the build pods, by digest. */
    BUILD_IMAGE: z.string().min(1),
    BUILDS_AT_ONCE: z.coerce.number().int().min(1),
    BUILD_SECONDS: z.coerce.number().int().min(60).default(3_600),
    START_SECONDS: z.coerce.number().int().min(1).default(180),
    /** The rule of their tags, as the stack has checked it. */
    TAGS: z.string().min(1),
    APPROVED_BASES: z.string().transform((list) => list.split(",")),
    PACKAGE_PROXY: httpUrl,
    /** Host and path, to which is pushed. */
    REPOSITORY_URL: z.string().regex(/^[^/]+\/.+$/, "must be a registry's host and a path"),
    CONTEXT_BUCKET: z.string().min(3),
    AWS_REGION: z.string().min(1),
    /** Folder of buildctl and uv. */
    PROGRAMS: z.string().min(1),
    /** Folder of ca.crt, tls.crt and tls.key: what it shows build pods, and how it knows them. */
    TLS_FOLDER: z.string().min(1),
  },
  parts: ({ config, log, tls }) => {
    const kube = keptKubeConfig();
    kube.loadFromDefault();
    const credentials = fromNodeProviderChain();
    const repository = config.REPOSITORY_URL;
    const stopping = new AbortController();
    const daemons = kubernetesDaemons(kube, log, {
      image: config.BUILD_IMAGE,
      seconds: config.BUILD_SECONDS,
      startMs: config.START_SECONDS * 1_000,
    });
    daemons.tidy().catch((error: unknown) => log.warn("ended builds could not be looked for", { error }));
    const service = imageBuildService({
      org: config.ORG,
      projects: config.PROJECTS,
      askerOf: taskTokens(clusterKeys(kube), new Set(config.PROJECTS.keys())),
      atOnce: config.BUILDS_AT_ONCE,
      stopping: stopping.signal,
      contexts: bucketContexts(config.CONTEXT_BUCKET, credentials),
      daemons,
      registry: ecrRegistry(
        new ECRClient({ region: config.AWS_REGION, credentials }),
        repository.slice(repository.indexOf("/") + 1),
      ),
      buildctl: {
        repository,
        daemonHost,
        programs: config.PROGRAMS,
        tls: config.TLS_FOLDER,
        packageProxy: config.PACKAGE_PROXY,
      },
      tags: config.TAGS,
      approvedBases: config.APPROVED_BASES,
      log,
    });
    if (!tls) throw new UserError("SERVICE_TLS_FOLDER is missing: tasks give the builder their tokens by TLS alone");
    return {
      tls: serverTls(tls),
      rpc: {
        routes: (router) => void router.service(ImageBuildService, service),
        // It knows its callers by their pods' tokens alone.
        verify: () => Promise.reject(denied("no user's token is taken here")),
        authorize: () => Promise.reject(denied("no user's token is taken here")),
        audit: logSink(log),
      },
      drain: () => stopping.abort(),
    };
  },
});

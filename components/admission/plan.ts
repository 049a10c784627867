/** All policies of one cluster, from plain configuration. */
import type { Input } from "@pulumi/pulumi";
import { tokenAudience as azureAudience } from "../identity/azure-roles.ts";
import type { Cloud } from "../identity/contract.ts";
import { builderAudience } from "../image-builder/contract.ts";
import { planAccounts, planBindings, planClusterBindings, planNamespaces, planRoles, planTokens } from "./access.ts";
import { type BuilderImages, planImageBuilder } from "./image-builder.ts";
import { type ApprovedImages, checkApprovedRegistries, planImages, repositoryOf } from "./images.ts";
import { checkManagement, type Management, managersOf, planManagement } from "./management.ts";
import { servingHomes } from "./management-serving.ts";
import { planServices, planSessions } from "./openings.ts";
import type { Place } from "./place.ts";
import { planPods } from "./pods.ts";
import type { Policy } from "./policy.ts";
import { planServing, servingController } from "./serving.ts";
import { planShipper } from "./shipper.ts";
import { planSync, type SyncFence } from "./sync.ts";

export interface AdmissionArgs extends Place {
  images: ApprovedImages;
  /** Whose identities accounts name. @default aws */
  cloud?: Cloud;
  /** What each account is in the cloud: `<namespace>/<account>` → ARN or e-mail. Keys are plain, so the preview is whole. */
  roles: Record<string, Input<string>>;
  /** The one account that task pods run as. @default default */
  taskAccount?: string;
  /** Services of the platform's namespace that may be a NodePort. @default none */
  openServices?: string[];
  /** Kubernetes groups of the customer's own people, who may open sessions and be bound to roles. @default none */
  operatorGroups?: string[];
  /** What the sync may make. @default there is no sync */
  sync?: Omit<SyncFence, "namespace">;
  /** Image of the log shipper, by digest; its namespace is among `exceptions`. @default none ships */
  shipperImage?: string;
  /** Images of the image builder; its namespace is among `exceptions`. @default nothing is built */
  builderImages?: BuilderImages;
  /** Image of the proxy beside every app, by digest. @default no apps are served */
  queueImage?: string;
  /** BYOC only. @default the vendor has no rights at all */
  management?: Management;
}

/** @throws UserError for what cannot be meant, before anything is made */
export function planAdmission(args: AdmissionArgs): Policy[] {
  const { images, roles, management, operatorGroups = [], openServices = [] } = args;
  if (images.tasks) checkApprovedRegistries("approvedRegistries", images.tasks);
  if (management) checkManagement(management);
  const servesApps = args.queueImage !== undefined;
  const place = servesApps ? { ...args, serving: Object.values(servingHomes) } : args;
  return [
    planImages(args, args.queueImage ? besideApps(images, args.queueImage) : images),
    planPods(args, {
      taskAccount: args.taskAccount ?? "default",
      tokenAudiences: [...audiencesIn(args.cloud), ...(args.builderImages ? [builderAudience] : [])],
    }),
    planServices(args, openServices, args.queueImage ? servingController : undefined),
    planSessions(args, operatorGroups),
    planRoles(args),
    planBindings(place, { operators: operatorGroups, managers: management && managersOf(management) }),
    planClusterBindings(args),
    planAccounts(args, roles, args.cloud ?? "aws"),
    planTokens(args),
    planNamespaces(args),
    ...(args.sync ? [planSync({ ...args.sync, namespace: args.namespace })] : []),
    ...(args.shipperImage ? [planShipper(args.shipperImage)] : []),
    ...(args.builderImages ? [planImageBuilder(args.builderImages)] : []),
    ...(args.queueImage ? [planServing(args)] : []),
    ...(management ? [planManagement(management, { namespace: args.namespace, servesApps })] : []),
  ];
}

/** For whom the tokens are that the cloud's webhook gives pods; GKE's pods get none. */
function audiencesIn(cloud: Cloud = "aws"): string[] {
  return { aws: ["sts.amazonaws.com"], gcp: [], azure: [azureAudience] }[cloud];
}

/** Where only some registries are approved, the proxy beside an app comes from one more repository. */
function besideApps(images: ApprovedImages, queue: string): ApprovedImages {
  return images.tasks ? { ...images, tasks: [...images.tasks, repositoryOf(queue)] } : images;
}

/** Which images may run: from approved registries, and the platform's by digest. */
import { refusal } from "../../shared/errors.ts";
import { join, list, text, words } from "./cel.ts";
import { onChange, type Place } from "./place.ts";
import type { Policy } from "./policy.ts";

export interface ApprovedImages {
  /** Service images, by digest: the platform's namespace runs nothing of another repository. */
  platform: string[];
  /**
   * Registries (`ghcr.io`), paths in them (`public.ecr.aws/docker`) or single repositories that task images, and the
   * images that these are built on, may come from. @default any
   */
  tasks?: string[];
  /** Task images too by digest only: a tag can be moved. @default false */
  tasksByDigest?: boolean;
}

const registry = /^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._-]+)*$/;

/** @throws UserError for what is no registry, or would approve more than it says. */
export function checkApprovedRegistries(subject: string, registries: readonly string[]): void {
  for (const value of registries) {
    const [host = ""] = value.split("/");
    if (registry.test(value) && /[.:]|^localhost$/.test(host)) continue;
    throw refusal({
      subject,
      value,
      allowed: "a registry's host, with a path or without, such as public.ecr.aws/docker/library",
      todo: "Docker Hub is docker.io, its official images docker.io/library.",
    });
  }
}

/** The repository of an image that is named by digest. */
export function repositoryOf(image: string): string {
  const [repository = ""] = image.split("@");
  return repository.replace(/:[^/:]+$/, "");
}

export function planImages({ namespace, projectNamespaces }: Place, images: ApprovedImages): Policy {
  const isPlatform = `request.namespace == ${text(namespace)}`;
  const platform = images.platform.map(repositoryOf);
  const { tasks, tasksByDigest = false } = images;
  const byDigest = tasksByDigest ? "true" : isPlatform;
  const allowed = `(${isPlatform} ? ${text(words(platform))} : ${text(tasks ? words(tasks) : "any registry")})`;
  return {
    name: "images",
    claims: ["builder-base-images-approved", "data-images-in-registry"],
    guards: [{ resources: ["pods", "pods/ephemeralcontainers"], operations: ["CREATE", "UPDATE"] }],
    namespaces: [namespace, ...projectNamespaces],
    conditions: [onChange],
    variables: [
      {
        name: "images",
        expression: `${imagesOf("containers")} + ${imagesOf("initContainers")} + ${imagesOf("ephemeralContainers")}`,
      },
      {
        name: "unapproved",
        expression: `variables.images.filter(image, !(${approved({ isPlatform, platform, tasks })}))`,
      },
      { name: "tagged", expression: `variables.images.filter(image, !image.matches("@sha256:[0-9a-f]{64}$"))` },
    ],
    validations: [
      {
        expression: "size(variables.unapproved) == 0",
        told: join(
          `"image " + variables.unapproved[0]`,
          `" is not from an approved registry; allowed: " + ${allowed}`,
          `". Push it to one of these, or have its registry approved (approvedRegistries)."`,
        ),
      },
      {
        expression: `!(${byDigest}) || size(variables.tagged) == 0`,
        told: join(
          `"image " + variables.tagged[0]`,
          `" is named by a tag; allowed: by digest. Name it as " + variables.tagged[0].split("@")[0] + "@sha256:<64 hex digits>."`,
        ),
      },
    ],
  };
}

function imagesOf(kind: string): string {
  return `object.spec.?${kind}.orValue([]).map(container, container.?image.orValue(""))`;
}

/** On the variable `image`, written out as the kubelet reads it: without a host it is Docker Hub's. */
function approved({ isPlatform, platform, tasks }: { isPlatform: string; platform: string[]; tasks?: string[] }) {
  const whole =
    `(!image.contains("/") ? "docker.io/library/" + image : ` +
    `image.split("/")[0].matches("[.:]|^localhost$") ? image : "docker.io/" + image)`;
  // A path's last word ends at a tag or a digest; after a bare host these would be a port.
  const among = (names: string[]) => {
    const ends = (name: string) => (name.includes("/") ? [`${name}/`, `${name}:`, `${name}@`] : [`${name}/`]);
    return `${list(names.flatMap(ends))}.exists(start, ${whole}.startsWith(start))`;
  };
  return `${isPlatform} ? ${among(platform)} : ${tasks ? among(tasks) : "true"}`;
}

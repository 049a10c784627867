/** What all images have in common. */
import type { Sandbox } from "../context.ts";
import type { Builder } from "./buildah.ts";
import { nonRoot } from "./debian.ts";

/** An image as content: known by its key before it is made. */
export interface ImagePlan<Name extends string = "services" | "task"> {
  name: Name;
  key: string;
  /** Its name in the builder's store; the tag is the key. */
  image: string;
  /** This image and those that it stands on: the rest of the store is of no use any more. */
  keep: string[];
  /** Makes `image`. @param scratch an empty folder, removed afterwards */
  make(sandbox: Sandbox, builder: Builder, scratch: string): Promise<void>;
}

/** `buildah config` options of every image: never root, and the search path that a runtime would else choose. */
export const commonConfig = [
  `--user=${nonRoot}:${nonRoot}`,
  "--env=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];

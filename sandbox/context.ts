import type { Paths } from "./paths.ts";

/** Programs that the local run is made of, wherever they were found or built. */
export interface Toolchain {
  /** Absolute path of a program, such as `pulumi`, `kube-apiserver`, `etcd`, `buildah`; throws UserError if unknown. */
  bin(name: string): string;
  /** Interpreters: `client` has flyte and flyteidl2, `cloud` has moto, awscli and envoy beside it in its bin folder. */
  python: { client: string; cloud: string };
}

/** What every part of the local run is given. */
export interface Sandbox {
  paths: Paths;
  tools: Toolchain;
  /** Names what is being done now, for the progress line. */
  progress(step: string): void;
}

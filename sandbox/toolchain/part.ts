/** A part of the toolchain: one pinned thing that is built once, kept in the cache and found again by its content. */
import type { ContentInputs } from "./content-key.ts";
import type { Machine } from "./machine.ts";
import type { SystemPackage } from "./packages.ts";

export interface Part {
  /** Begins the name of its folder in the cache. */
  id: string;
  /** For people: what is being built. */
  title: string;
  /** `core` is built by every command that needs the toolchain, `extended` by the first that needs the part. */
  tier: "core" | "extended";
  /** Seconds of a first build on two cores, for the first estimate. */
  seconds: number;
  /** Debian packages beside those that every part needs. @default none */
  packages?: SystemPackage[];
  /** All that decides the result. */
  inputs(machine: Machine): ContentInputs;
  /** Programs that the part offers: name → path within the part's folder. */
  programs: Record<string, string>;
  /** The program on PATH to be used instead, when its version fits. */
  onPath?(machine: Machine, program: string): string | undefined;
  /** Puts every one of `wanted` into `job.folder`. */
  build(job: BuildJob): Promise<void>;
}

export interface BuildJob {
  /** To be filled; becomes `finalFolder` by rename once the build is complete. */
  folder: string;
  finalFolder: string;
  /** For whatever is not kept; removed afterwards, whatever happens. */
  scratch: string;
  /** Names of the programs that the machine lacks. */
  wanted: string[];
  machine: Machine;
  log: string;
  report(detail: string): void;
}

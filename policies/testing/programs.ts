/** For every rule one program that it must refuse and one, as like it as can be, that it must let pass. */
import { accessPrograms } from "./access-programs.ts";
import { azurePrograms } from "./azure-programs.ts";
import { cloudPrograms } from "./cloud-programs.ts";
import { googlePrograms } from "./google-programs.ts";
import { identityPrograms } from "./identity-programs.ts";
import { podPrograms } from "./pod-programs.ts";
import { storagePrograms } from "./storage-programs.ts";

export interface Pair {
  bad: () => void;
  good: () => void;
}

export const programs: Record<string, Pair> = {
  ...cloudPrograms,
  ...storagePrograms,
  ...identityPrograms,
  ...podPrograms,
  ...accessPrograms,
  ...googlePrograms,
  ...azurePrograms,
};

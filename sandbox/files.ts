import { existsSync, readFileSync, writeFileSync } from "node:fs";

/** Leaves a file alone that says the same already: some programs (kube-proxy) exit whenever theirs is written. */
export function writeIfChanged(path: string, content: string): void {
  if (existsSync(path) && readFileSync(path, "utf8") === content) return;
  writeFileSync(path, content);
}

/** Half of what it takes to load these programs is to strip and compile them, each time anew. */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

/**
 * From here on Node keeps what comes of it, for these files and the SDKs' alike, and compares it with each file's text. It lies
 * among the SDKs, where nobody writes who could not change them as well; where nobody may write at all, nothing is kept.
 * NODE_DISABLE_COMPILE_CACHE turns it off.
 */
export function keepCompiled(): void {
  enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/biplane"));
}

// Plain JavaScript, since the engine's host for packs puts an old TypeScript compiler in front of what it loads itself;
// what is imported from here is read by Node.
import "./pack.ts";

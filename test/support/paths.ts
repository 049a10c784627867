import { join } from "node:path";
import { paths } from "../../sandbox/paths.ts";

export const here = paths();
export const checkout = join(import.meta.dirname, "../..");

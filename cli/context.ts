import { join } from "node:path";

/** The checkout that this command runs from. */
export const checkout = join(import.meta.dirname, "..");

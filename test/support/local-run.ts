/** The local run that is up, as its tests reach it. */
import { readEnvironment } from "../../sandbox/environment.ts";
import { here } from "./paths.ts";

export { checkout, here } from "./paths.ts";
export const environment = readEnvironment(here);

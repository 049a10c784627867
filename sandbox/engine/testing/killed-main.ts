/** Brings a small stack up in a process of its own, which the test kills. Arguments: state folder, endpoint. */
import { upStack } from "../index.ts";
import { attach } from "./emulated.ts";
import { network } from "./network-program.ts";

const [state = "", endpoint = ""] = process.argv.slice(2);
const { sandbox, providers } = attach(state, endpoint);
await upStack(sandbox, { ...network(), providers });

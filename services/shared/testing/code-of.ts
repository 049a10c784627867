import { Code, ConnectError } from "@connectrpc/connect";

/** The name of the code that a call was refused with; ok if it was not. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return Code[ConnectError.from(error).code];
  }
  return "ok";
}

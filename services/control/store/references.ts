/** Addresses of customers' data, in the form that the tables insist on (migrations/0005_references.sql). */
import { invalid } from "../../shared/errors.ts";

const longest = 2048;

/** @returns the URI, or nothing where there is none yet. @throws UserError for what is no address of a store. */
export function dataReference(subject: string, uri: string): string {
  if (uri === "" || (/^(s3|gs|abfs):\/\//.test(uri) && uri.length <= longest)) return uri;
  const allowed = `an address that begins with s3://, gs:// or abfs://, of at most ${longest} characters`;
  throw invalid({ subject, value: uri.slice(0, 200), allowed });
}

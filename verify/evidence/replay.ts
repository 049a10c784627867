/** Comes to the report of a bundle again, from what the bundle holds alone. */
import type { KeyObject } from "node:crypto";
import { UserError } from "../../shared/errors.ts";
import { exitCodes } from "../outcome.ts";
import { reportOf } from "../recording.ts";
import type { Report } from "../report/result.ts";
import { type Opened, openBundle } from "./bundle.ts";
import { canonical, sha256 } from "./canonical.ts";

/** @throws UserError with exit code 4 for a bundle that is not as it was signed, or whose report comes out otherwise now */
export function replay(text: string, path: string, { signer, commit }: { signer?: KeyObject; commit: string }) {
  const opened = openBundle(text, path, signer);
  const report = reportOf(opened.recording);
  const digest = sha256(canonical(report));
  if (digest !== opened.report) throw other(opened, path, commit, digest);
  return { ...opened, report: report satisfies Report };
}

function other({ report, recording }: Opened, path: string, commit: string, digest: string): UserError {
  const tool =
    recording.commit === commit
      ? "by the same commit, so what it was judged by is not what stands here"
      : `it was judged by commit ${recording.commit}, this is ${commit}: check that one out to replay it`;
  const text = `bundle ${path}: its report has the digest ${report.slice(0, 16)}…, now it comes out as ${digest.slice(0, 16)}…; ${tool}`;
  return new UserError(text, { exitCode: exitCodes.bundleInvalid });
}

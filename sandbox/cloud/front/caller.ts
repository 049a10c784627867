/** What a Signature Version 4 request says of its caller, before anything is verified. */
export interface Caller {
  accessKeyId: string;
  /** yyyymmdd */
  date: string;
  region: string;
  /** Signing name, such as `s3`, `sts`, `elasticloadbalancing`. */
  service: string;
  signedHeaders: string[];
  signature: string;
}

/** @returns undefined for an unsigned request. Source: AWS "Authenticating Requests (Signature Version 4)". */
export function callerOf(authorization: string | undefined, query: URLSearchParams): Caller | undefined {
  if (authorization?.startsWith("AWS4-HMAC-SHA256 ")) {
    const fields = Object.fromEntries(
      authorization
        .slice("AWS4-HMAC-SHA256 ".length)
        .split(",")
        .map((field) => splitOnce(field.trim(), "=")),
    );
    return fromFields(fields.Credential, fields.SignedHeaders, fields.Signature);
  }
  const credential = query.get("X-Amz-Credential");
  if (credential === null) return undefined;
  return fromFields(credential, query.get("X-Amz-SignedHeaders") ?? "", query.get("X-Amz-Signature") ?? "");
}

function fromFields(credential = "", signedHeaders = "", signature = ""): Caller | undefined {
  const [accessKeyId, date, region, service, terminator] = credential.split("/");
  if (!accessKeyId || !date || !region || !service || terminator !== "aws4_request") return undefined;
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(";"), signature };
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

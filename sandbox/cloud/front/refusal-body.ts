/** An error as the called service would word it, so that SDKs and the aws command show code and message. */
import type { OutgoingHttpHeaders } from "node:http";

export interface ErrorAnswer {
  headers: OutgoingHttpHeaders;
  body: string;
}

/**
 * @param service signing name, if the request was signed
 * @param form whether the request is a query-protocol form (IAM, STS, EC2, RDS, load balancing)
 */
export function errorAnswer(service: string | undefined, form: boolean, code: string, message: string): ErrorAnswer {
  const xml = `<Code>${code}</Code><Message>${escapeXml(message)}</Message>`;
  if (form) {
    const inner = service === "ec2" ? `<Response><Errors><Error>${xml}</Error></Errors></Response>` : queryError(xml);
    return { headers: { "content-type": "text/xml" }, body: inner };
  }
  if (service === undefined || service === "s3")
    return { headers: { "content-type": "application/xml" }, body: `<Error>${xml}</Error>` };
  return {
    headers: { "content-type": "application/json", "x-amzn-errortype": code },
    body: JSON.stringify({ __type: code, message }),
  };
}

function queryError(xml: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type>${xml}</Error></ErrorResponse>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

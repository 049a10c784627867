/** Answers and refusals of the keeper in the words of the called service's protocol. */
import { errorAnswer } from "../front/refusal-body.ts";
import type { WholeAnswer } from "../front/upstream.ts";
import type { KeptRefusal, Operation } from "./operation.ts";
import type { Fields, Json } from "./store.ts";

export function rendered(operation: Operation, fields: Fields): WholeAnswer {
  if (operation.protocol !== "form") {
    return { status: 200, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(fields)) };
  }
  const { name, service } = operation;
  if (service === "ec2")
    return xmlAnswer(`<${name}Response>${xml(fields)}<requestId>keeper</requestId></${name}Response>`);
  const metadata = "<ResponseMetadata><RequestId>keeper</RequestId></ResponseMetadata>";
  return xmlAnswer(`<${name}Response><${name}Result>${xml(fields)}</${name}Result>${metadata}</${name}Response>`);
}

function xmlAnswer(text: string): WholeAnswer {
  return { status: 200, headers: { "content-type": "text/xml" }, body: Buffer.from(text) };
}

export function refused(operation: Operation, { status, code, message, fields }: KeptRefusal): WholeAnswer {
  const { headers, body } = errorAnswer(operation.service, operation.protocol === "form", code, message);
  if (operation.protocol === "form") return { status, headers, body: Buffer.from(body) };
  return { status, headers, body: Buffer.from(JSON.stringify({ __type: code, message, ...fields })) };
}

function xml(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return escapeXml(String(value));
  if (Array.isArray(value)) return value.map(xml).join("");
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined && inner !== null)
    .map(([name, inner]) =>
      (Array.isArray(inner) ? inner : [inner]).map((one) => `<${name}>${xml(one)}</${name}>`).join(""),
    )
    .join("");
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

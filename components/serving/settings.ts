/** What is refused of a customer's settings for apps. */
import { refusal } from "../../shared/errors.ts";
import type { ServingSettings } from "./contract.ts";

const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const domain = new RegExp(`^${label}(?:\\.${label})+$`);
const digest = /@sha256:[0-9a-f]{64}$/;

/** @throws UserError for what is no domain, or an image that could become another one */
export function checkServing(settings: ServingSettings): void {
  if (!domain.test(settings.domain)) {
    throw refusal({
      subject: "apps.domain",
      value: settings.domain,
      allowed: "a domain name in lower case, such as apps.acme.example.com",
    });
  }
  for (const [name, image] of Object.entries(settings.images)) {
    if (digest.test(image)) continue;
    throw refusal({
      subject: `apps.images.${name}`,
      value: image,
      allowed: "an image by digest: <repository>@sha256:<64 hex digits>",
    });
  }
}

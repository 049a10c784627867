import { refusal, UserError } from "../../shared/errors.ts";

/** Who is told: people by mail, an on-call service by HTTPS, a program by queue. */
export interface Subscriber {
  protocol: "email" | "https" | "sqs";
  endpoint: string;
}

const forms: Record<Subscriber["protocol"], { pattern: RegExp; allowed: string }> = {
  email: { pattern: /^[^\s@]+@[^\s@]+\.[a-z]{2,}$/i, allowed: "a mail address" },
  https: { pattern: /^https:\/\/[^\s/]+\S*$/, allowed: "an https URL" },
  sqs: { pattern: /^arn:aws:sqs:[a-z0-9-]+:\d{12}:\S+$/, allowed: "the ARN of an SQS queue" },
};

/** @throws UserError for an endpoint that is not of its protocol, or is named twice; the endpoint is not shown. */
export function checkSubscribers(subscribers: Subscriber[]): void {
  const seen = new Set<string>();
  for (const [at, { protocol, endpoint }] of subscribers.entries()) {
    const { pattern, allowed } = forms[protocol];
    const subject = `subscriber ${at + 1} of the alarms`;
    // A webhook's URL is its password.
    if (!pattern.test(endpoint)) {
      throw new UserError(`${subject} has a wrong form (its endpoint is not shown); allowed: ${allowed}.`);
    }
    if (seen.has(`${protocol} ${endpoint}`)) throw refusal({ subject, value: "a repetition", allowed: "each once" });
    seen.add(`${protocol} ${endpoint}`);
  }
}

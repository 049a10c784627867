/** What Private Service Connect to a cluster's API is told, checked before anything is made. */
import { refusal } from "../../shared/errors.ts";

const project = /^(?:[a-z][a-z0-9-]{4,28}[a-z0-9]|\d{6,19})$/;

/** @throws UserError unless each is one project's id or number, each once, and at least one. */
export function checkAcceptedProjects(projects: string[]): string[] {
  const wrong = projects.filter((id, at) => !project.test(id) || projects.indexOf(id) !== at);
  if (wrong.length === 0 && projects.length > 0) return projects;
  throw refusal({
    subject: "biplane:privateLink.acceptedProjects",
    value: wrong.length > 0 ? wrong : projects,
    allowed: "ids or numbers of projects, each once, at least one",
    todo: "Name the vendor's project that the link's stack makes its endpoint in.",
  });
}

/** @throws UserError unless it is a service attachment in the region: an endpoint and its service are in the same one */
export function checkAttachment(attachment: string, region: string): string {
  const path = attachment.replace(/^https:\/\/www\.googleapis\.com\/compute\/(?:v1|beta)\//, "");
  const found = /^projects\/[^/]+\/regions\/([a-z0-9-]+)\/serviceAttachments\/[a-z0-9-]+$/.exec(path);
  if (found?.[1] === region) return attachment;
  throw refusal({
    subject: "biplane:serviceAttachment",
    value: attachment,
    allowed: `a service attachment of ${region}, as the customer's base answers it`,
  });
}

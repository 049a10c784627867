/** One project in one domain: the unit of isolation inside a compute plane. */
export interface ProjectDomain {
  project: string;
  domain: string;
}

export function projectNamespace({ project, domain }: ProjectDomain): string {
  return `${project}-${domain}`;
}

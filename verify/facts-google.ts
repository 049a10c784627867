/** What is read of a customer's project on Google Cloud. */

/** A service account, whoever made it. */
export interface GoogleAccountFact {
  email: string;
  /** Names of keys that somebody made or brought, which can leave the project; Google's own cannot. */
  userKeys: string[];
  /** Who may take the account or act on it: the policy on the account itself. */
  bindings: { role: string; members: string[]; condition?: string }[];
}

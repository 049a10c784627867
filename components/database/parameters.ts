/** What the server is told beside its defaults, as data: how clients come in, and what is written down of them. */
export interface Parameter {
  name: string;
  value: string;
  applyMethod: "immediate" | "pending-reboot";
}

/** TLS 1.2 or newer and SCRAM, or no connection at all. */
const connections = {
  "rds.force_ssl": "1",
  ssl_min_protocol_version: "TLSv1.2",
  "rds.accepted_password_auth_method": "scram",
  password_encryption: "scram-sha-256",
  // A transaction that is left open keeps vacuum from its work; ms.
  idle_in_transaction_session_timeout: "60000",
};

/** Who came, what changed the schema, what was slow or stuck; never the values that a statement was given. */
const logging = {
  log_connections: "1",
  log_disconnections: "1",
  log_statement: "ddl",
  // ms
  log_min_duration_statement: "1000",
  log_lock_waits: "1",
  // kB
  log_temp_files: "10240",
  log_autovacuum_min_duration: "10000",
  log_parameter_max_length: "0",
  log_parameter_max_length_on_error: "0",
  // Minutes on the instance itself; the exports are kept for longer.
  "rds.log_retention_period": "4320",
};

/** All of them can change while the server runs. */
export function serverParameters(): Parameter[] {
  return Object.entries({ ...connections, ...logging }).map(([name, value]) => ({
    name,
    value,
    applyMethod: "immediate",
  }));
}

/** The steps from one version of the database to the next: only ever add to the end. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE boot (count INTEGER NOT NULL);
  INSERT INTO boot VALUES (0);

  CREATE TABLE work (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    scope TEXT NOT NULL UNIQUE,
    priority REAL NOT NULL,
    body TEXT NOT NULL,
    rank REAL NOT NULL,
    since REAL NOT NULL,
    due REAL NOT NULL,
    idle_ms REAL NOT NULL DEFAULT 0,
    token TEXT,
    deliveries INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX work_waiting ON work (rank, seq) WHERE token IS NULL;
  CREATE INDEX work_taken ON work (due) WHERE token IS NOT NULL;

  CREATE TABLE buried (
    id TEXT NOT NULL,
    scope TEXT NOT NULL,
    body TEXT NOT NULL,
    deliveries INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at REAL NOT NULL
  );

  CREATE TABLE log (
    key INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    turn TEXT NOT NULL,
    length INTEGER NOT NULL DEFAULT 0,
    closed INTEGER NOT NULL DEFAULT 0,
    reached INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    expires REAL NOT NULL,
    UNIQUE (scope, turn)
  );
  CREATE INDEX log_expires ON log (expires);

  CREATE TABLE entry (
    log INTEGER NOT NULL REFERENCES log (key) ON DELETE CASCADE,
    past INTEGER NOT NULL,
    count INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (log, past)
  ) WITHOUT ROWID;

  CREATE TABLE object (
    key TEXT PRIMARY KEY,
    crc INTEGER NOT NULL,
    bytes BLOB NOT NULL
  ) WITHOUT ROWID;
  `,
]

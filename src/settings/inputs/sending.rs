//! Settings of how files are sent to the ingest API.

use super::{Input, InputKind};

/// Requests in a window.
pub const MAX_REQUESTS: Input = Input {
    name: "max-requests",
    variable: "DATASCALE_MAX_REQUESTS",
    default: "90",
    kind: InputKind::Single,
    value_name: "NUMBER",
    help: "Most requests to the ingest API in any 5 minutes. The API takes 100 of one token; leave some to other jobs. More \
           files than this share requests.",
};

/// Bytes of a request.
pub const MAX_REQUEST_BYTES: Input = Input {
    name: "max-request-bytes",
    variable: "DATASCALE_MAX_REQUEST_BYTES",
    default: "524288",
    kind: InputKind::Single,
    value_name: "BYTES",
    help: "Most bytes of SQL in one request. A larger file is sent in parts, cut between statements.",
};

/// Longest wait.
pub const MAX_WAIT: Input = Input {
    name: "max-wait",
    variable: "DATASCALE_MAX_WAIT",
    default: "",
    kind: InputKind::Single,
    value_name: "SECONDS",
    help: "Longest time that a run waits for the ingest API, all waits together. When empty, 120 on a change request, and 1800 on \
           a push and in `ingest`. What does not fit is deferred and comes first next time.",
};

/// What was sent.
pub const STATE_FILE: Input = Input {
    name: "state-file",
    variable: "DATASCALE_STATE_FILE",
    default: "",
    kind: InputKind::Single,
    value_name: "FILE",
    help: "Where to remember what was sent, to be kept in the CI's cache. Files that mean the same as when they were sent are \
           not sent again. On a change request the comment remembers; this is for pushes and `ingest`.",
};

/// Whether a closed pull request is undone.
pub const RESTORE_ON_CLOSE: Input = Input {
    name: "restore-on-close",
    variable: "DATASCALE_RESTORE_ON_CLOSE",
    default: "true",
    kind: InputKind::Single,
    value_name: "true|false",
    help: "Whether a pull request that is closed without being merged has the base's version of its files sent again. It needs \
           a workflow that runs on `closed` as well.",
};

/// What becomes of removed assets.
pub const ON_DELETE: Input = Input {
    name: "on-delete",
    variable: "DATASCALE_ON_DELETE",
    default: "keep",
    kind: InputKind::Single,
    value_name: "keep|drop",
    help: "What the ingest API is told of tables and views that a change removes. keep (nothing, for it documents no way to \
           delete) or drop (their DROP statements).",
};

/// Whether files with secrets are sent.
pub const ALLOW_SECRETS: Input = Input {
    name: "allow-secrets",
    variable: "DATASCALE_ALLOW_SECRETS",
    default: "false",
    kind: InputKind::Single,
    value_name: "true|false",
    help: "Whether files are sent in which a private key or a cloud token stands. They are named either way.",
};

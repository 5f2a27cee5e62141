//! Stand-ins for GitHub, GitLab and the ingest API that behave like the real thing in the ways that hurt.

pub mod github;
pub mod gitlab;
pub mod http;
pub mod ingest;

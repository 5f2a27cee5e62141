//! One comment on the change request, against fakes of GitHub and GitLab: found again, updated in place, never doubled,
//! never posted when in doubt.

mod github;
mod gitlab;

use std::time::Duration;

use ingest_action::publish::retry::Patience;
use ingest_action::publish::{CommentRequest, Publication, PublicationStatus};
use ingest_action::revision::CommitId;
use ingest_action::secret::Secret;

/// The forge's token in every test; no output may hold it.
const TOKEN: &str = "forge-token-4711";

/// Repeats like the real thing, without the pauses.
const NO_PAUSE: Patience =
    Patience { tries: 3, pause: Duration::ZERO, limit_pause: Duration::ZERO, longest_pause: Duration::from_secs(60) };

fn token() -> Secret {
    Secret::new(TOKEN).expect("a token")
}

/// A request for a comment, from run 100 on a commit made of this digit.
fn request(digit: char, body: &str) -> CommentRequest {
    CommentRequest {
        body: body.to_owned(),
        essence: body.to_owned(),
        state: String::new(),
        comment_id: String::new(),
        head: CommitId::parse(&String::from(digit).repeat(40)).expect("a commit"),
        run_id: 100,
        run_attempt: 1,
        create_if_absent: true,
    }
}

/// The publication's status, after a look for the token.
fn status(publication: &Publication) -> PublicationStatus {
    assert!(!format!("{publication:?}").contains(TOKEN), "the token is shown: {publication:?}");
    publication.status
}

/// The reason, after a look for the token.
fn reason(publication: &Publication) -> String {
    status(publication);
    publication.reason.clone().expect("a reason")
}

//! A laptop: no forge, nothing to publish to, no change request.

use crate::platform::context::{Forge, RunContext, Trigger};
use crate::revision::CommitId;

/// What is known of a run outside of CI: the commit that is checked out.
#[must_use]
pub fn context(head: CommitId) -> RunContext {
    RunContext {
        forge: Forge::Local,
        repository: String::new(),
        project_id: None,
        api_url: None,
        server_url: None,
        trigger: Trigger::Manual { head },
        checked_out: None,
        run_id: 0,
        run_attempt: 0,
        run_url: None,
        actor: None,
    }
}

//! The product's story, stage by stage: what CI runs on a change.
//!
//! ```text
//! changes → sql → lineage → impact → ingest → report → publish → exit
//! ```
//!
//! Each stage takes values and gives a value. Trouble with the catalog or with the comment is an outcome that is carried
//! on; only a change that cannot be read ends the run before there is a report.

mod candidates;
mod catalog;
mod comments;
mod drops;
mod memory;
mod progress;
mod publication;
mod restore;
pub mod sides;

use crate::changes::{self, ChangesError, ChangesOptions};
use crate::env::Environment;
use crate::exit::{self, ExitInput, ExitStatus};
use crate::http;
use crate::impact;
use crate::ingest::outcome::IngestOutcome;
use crate::pipeline::sides::Sides;
use crate::platform::context::RunContext;
use crate::publish::Publication;
use crate::report::{self, Report, build::ReportInputs};
use crate::settings::Settings;
use crate::settings::address::is_loopback;
use crate::source::ChangeSet;
use crate::sql::stack::drop_aside;
use crate::telemetry::Log;

use self::catalog::Ingested;
use self::comments::Comments;

pub use self::candidates::candidates;
pub use self::catalog::{LONG_WAIT, SHORT_WAIT, client as ingest_client, options as plan_options, send, state_keeper};
pub use self::memory::StateKeeper;

/// One run in CI.
pub struct Run<'a> {
    /// Where it takes place and what it is about.
    pub context: &'a RunContext,
    /// What steers it.
    pub settings: &'a Settings,
    /// CI's variables, for the files that CI reads from us.
    pub environment: &'a Environment,
    /// Its voice.
    pub log: &'a Log,
}

/// What a run led to.
#[derive(Debug)]
pub struct Finished {
    /// The report.
    pub report: Report,
    /// What came of the comment.
    pub publication: Publication,
    /// How the process ends.
    pub exit: ExitStatus,
}

impl Run<'_> {
    /// Runs all stages.
    ///
    /// # Errors
    /// [`ChangesError`] when the change cannot be read, or a pattern of `files` or `exclude` is none.
    pub async fn to_the_end(&self) -> Result<Finished, ChangesError> {
        let http = http_client(self.settings, self.context.api_url.as_ref());
        let changes = self.changes(http.as_ref().ok()).await?;
        let sides = Sides::read(&changes, self.settings);
        let impact = impact::assess(&sides.base, &sides.head, &changes.changed);
        let comments = Comments::of(self, &http);
        let Ingested { outcome: ingest, state } = catalog::ingest(self, &changes, &sides, comments.as_ref().ok()).await;
        let unmerged = self.context.change_request().is_some();
        let ingest = IngestOutcome { unmerged, platform: self.settings.platform.clone(), ..ingest };
        let report = report::build::build(ReportInputs {
            changes: &changes,
            base: &sides.base,
            head: &sides.head,
            impact,
            ingest,
            comment_id: self.settings.comment_id.clone(),
            blob_url: self.context.blob_url(&changes.head),
            run_url: self.context.run_url.clone(),
            secrets: &self.settings.secrets(),
        });
        drop_aside(sides);
        let publication = publication::publish(self, &report, (&comments, &state)).await;
        let exit = exit::decide(&ExitInput::of(&report, &publication), self.settings);
        Ok(Finished { report, publication, exit })
    }

    async fn changes(&self, client: Option<&reqwest::Client>) -> Result<ChangeSet, ChangesError> {
        let forge = client.zip(self.context.api_url.as_ref()).map(|(client, api_url)| changes::ForgeReader {
            client: client.clone(),
            api_url: api_url.clone(),
            token: self.settings.forge_token.clone(),
            repository: self.context.repository.clone(),
            forge: self.context.forge,
        });
        changes::read(self.context, &ChangesOptions::from(self.settings), forge.as_ref()).await
    }
}

/// The client for an address: the environment's proxies are not asked for one of this machine.
///
/// # Errors
/// Words for people when certificates cannot be had.
fn http_client(settings: &Settings, address: Option<&url::Url>) -> Result<reqwest::Client, String> {
    let ca_bundle = settings.ca_bundle.as_deref();
    let made = if address.is_some_and(is_loopback) { http::direct_client(ca_bundle) } else { http::client(ca_bundle) };
    made.map_err(|error| crate::error::chain(&error))
}

//! A pull request that was closed without being merged: the catalog gets the base's version of its files again.

use crate::changes::ChangesError;
use crate::exit::ExitStatus;
use crate::ingest::outcome::IngestStatus;
use crate::ingest::plan::plan;
use crate::lineage::{Side, analyze};
use crate::pipeline::{Run, SHORT_WAIT, candidates, http_client, ingest_client, plan_options, send};
use crate::settings::sending::OnDelete;
use crate::settings::{IngestMode, OnError};
use crate::source::{ChangedFile, FileStatus};
use crate::sql::prepare::{PrepareOptions, prepare};

impl Run<'_> {
    /// Undoes what the pull request sent, where it sent something.
    ///
    /// # Errors
    /// [`ChangesError`] when the change cannot be read.
    pub async fn restore(&self) -> Result<ExitStatus, ChangesError> {
        if let Some(reason) = self.nothing_to_restore() {
            self.log.note(&format!("The pull request is closed: {reason}."));
            return Ok(ExitStatus::Done);
        }
        let client = match ingest_client(self.settings, self.context.run_url.as_ref()) {
            Ok(client) => client,
            Err(reason) => {
                self.log.error(&format!("the base's version of the files cannot be sent: {reason}"));
                return Ok(self.failed());
            }
        };
        let http = http_client(self.settings, self.context.api_url.as_ref());
        let changes = self.changes(http.as_ref().ok()).await?;
        let base = prepare(&changes.base_tree, &PrepareOptions::from(self.settings));
        let graph = analyze(Side { files: &base.files, declared: &base.declared });
        let touched: Vec<ChangedFile> = changes.changed.iter().filter_map(|file| self.at_base(file)).collect();
        let plan = plan(candidates(&touched, &base, &graph), &plan_options(self.settings, "restore", SHORT_WAIT));
        let added = changes.changed.iter().filter(|file| file.status == FileStatus::Added).count();
        self.log
            .note("The pull request was closed without being merged: the base's version of its files is sent again.");
        if added > 0 {
            self.log.note(&format!(
                "Files that it added: {added}. What they made stays in the catalog, which documents no way to delete."
            ));
        }
        let outcome = send(plan, &client, (self.log, None)).await;
        let counts = outcome.counts();
        self.log.note(&format!(
            "restored: {} sent, {} rejected, {} deferred, {} skipped",
            counts.sent, counts.rejected, counts.deferred, counts.skipped
        ));
        match outcome.status {
            IngestStatus::Sent | IngestStatus::Skipped => Ok(ExitStatus::Done),
            IngestStatus::Partial | IngestStatus::Failed => Ok(self.failed()),
        }
    }

    fn nothing_to_restore(&self) -> Option<&'static str> {
        if self.settings.ingest != IngestMode::PullRequest {
            Some("pull requests are not ingested (`ingest`), so that there is nothing to undo")
        } else if !self.settings.sending.restore_on_close {
            Some("`restore-on-close` is false")
        } else if self.settings.token.is_none() {
            Some("no token is configured, so that nothing was sent")
        } else {
            None
        }
    }

    /// The file as the base has it. A removed one was not touched in the catalog, unless it was dropped there.
    fn at_base(&self, file: &ChangedFile) -> Option<ChangedFile> {
        let path = match file.status {
            FileStatus::Added => return None,
            FileStatus::Removed if self.settings.sending.on_delete == OnDelete::Keep => return None,
            FileStatus::Removed | FileStatus::Modified => file.path.clone(),
            FileStatus::Renamed => file.old_path.clone().unwrap_or_else(|| file.path.clone()),
        };
        Some(ChangedFile { path, old_path: None, status: FileStatus::Modified })
    }

    fn failed(&self) -> ExitStatus {
        match self.settings.on_ingest_error {
            OnError::Fail => ExitStatus::IngestFailed,
            OnError::Warn => ExitStatus::Done,
        }
    }
}

//! What is seen of the sending: a bar for a person at a terminal, plain lines in a fold of CI's log, nothing where quiet
//! was asked for.

use std::io::{IsTerminal as _, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ingest::Progress;
use crate::report::escape;
use crate::telemetry::{Audience, Log};

/// The bar, where there is one; files are what it counts.
const BAR: &str = "{bar:30} {pos}/{len} files, {msg}";

/// Speaks of a plan that is carried out.
pub(super) struct Speaker<'l> {
    log: &'l Log,
    bar: Option<ProgressBar>,
    files: usize,
    settled: usize,
}

impl<'l> Speaker<'l> {
    /// Speaks of a plan of so many files, which in short is this.
    pub fn new(log: &'l Log, files: usize, plan: &str) -> Self {
        let is_watched = log.audience() == Audience::Person && !log.is_quiet() && stderr().is_terminal();
        let bar = (is_watched && files > 0).then(|| bar(files));
        if bar.is_none() && files > 0 {
            log.open("Ingest");
            plan.lines().for_each(|line| log.note(line));
        }
        Self { log, bar, files, settled: 0 }
    }

    pub fn hear(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Settled { outcome } => {
                self.settled += 1;
                let Some(bar) = &self.bar else {
                    let detail = outcome.message.as_deref().map(|message| format!(" ({message})")).unwrap_or_default();
                    let (settled, files) = (self.settled, self.files);
                    let line =
                        format!("ingest {settled}/{files}: {} {}{detail}", outcome.path, outcome.bucket.as_str());
                    // A line end in a file's name must not begin a line of its own.
                    return self.log.note(&escape::terminal(&line));
                };
                bar.inc(1);
            }
            Progress::Answered { requests } => self.tell(&format!("{requests} requests")),
            Progress::Waiting { pause, code } => self.wait(*pause, code),
        }
    }

    pub fn end(self) {
        match self.bar {
            Some(bar) => bar.finish_and_clear(),
            None if self.files > 0 => self.log.close(),
            None => {}
        }
    }

    fn wait(&self, pause: Duration, code: &str) {
        let why = if code.is_empty() { "the budget of requests is used" } else { code };
        let text = format!("waiting {} s ({why})", pause.as_secs().max(1));
        self.tell(&text);
        if self.bar.is_none() {
            self.log.note(&format!("ingest: {text}"));
        }
    }

    fn tell(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(escape::terminal(text));
        }
    }
}

fn bar(files: usize) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(u64::try_from(files).ok(), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(BAR).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style.progress_chars("━╸ "));
    bar.set_message("no request yet");
    bar
}

//! The run's talk: what it says on the way, on standard error and in CI's log.
//!
//! Standard output is for data (a report, a graph). Inside of GitHub Actions talk becomes workflow commands, and every
//! text that is printed, on either stream, is made safe: nothing from the repository or an API can be a command, and no
//! configured secret appears.

use std::io::{IsTerminal as _, Write as _};

use crate::publish::annotations::{self, log_safe};
use crate::report::{escape, redact};
use crate::secret::Secret;

/// Where the run talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// GitHub's runner, which reads commands in what is printed.
    GitHubActions,
    /// Any other CI log.
    CiLog,
    /// A person at a terminal, or a file.
    Person,
    /// Nobody: the caller shows the outcome itself.
    Nobody,
}

/// The run's voice.
#[derive(Debug, Clone)]
pub struct Log {
    audience: Audience,
    secrets: Vec<Secret>,
    quiet: bool,
}

impl Log {
    /// A voice that keeps these secrets.
    #[must_use]
    pub fn new(audience: Audience, secrets: &[&Secret]) -> Self {
        let secrets_kept = secrets.iter().map(|secret| (*secret).clone()).collect();
        let log = Self { audience, secrets: secrets_kept, quiet: false };
        if audience == Audience::GitHubActions {
            for secret in secrets {
                log.command(&annotations::mask(secret));
            }
        }
        log
    }

    /// Whom it talks to.
    #[must_use]
    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// The same voice without notes; warnings, errors and data stay.
    #[must_use]
    pub fn quiet(self, quiet: bool) -> Self {
        Self { quiet, ..self }
    }

    /// Whether notes are left out.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// One sentence about the run.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.talk(&self.safe(text));
        }
    }

    /// Something that the user should see, with which the run goes on.
    pub fn warning(&self, text: &str) {
        match self.audience {
            Audience::GitHubActions => self.command(&annotations::message("warning", &self.redacted(text))),
            Audience::CiLog | Audience::Person => self.talk(&format!("warning: {}", self.safe(text))),
            Audience::Nobody => {}
        }
    }

    /// Why the run ends.
    pub fn error(&self, text: &str) {
        match self.audience {
            Audience::GitHubActions => self.command(&annotations::message("error", &self.redacted(text))),
            Audience::CiLog | Audience::Person => self.talk(&format!("error: {}", self.safe(text))),
            Audience::Nobody => {}
        }
    }

    /// A workflow command that is escaped already.
    pub fn command(&self, line: &str) {
        if self.audience == Audience::GitHubActions {
            print(&format!("{line}\n"));
        }
    }

    /// A block that CI folds away under its title.
    pub fn block(&self, title: &str, text: &str) {
        if self.audience == Audience::GitHubActions {
            self.command(&annotations::group(title));
            print(&format!("{}\n", self.safe(text).trim_end()));
            self.command(&annotations::end_group());
        } else {
            self.talk(&format!("{title}\n{}", self.safe(text).trim_end()));
        }
    }

    /// Begins lines that CI folds away under their title, until [`Self::close`].
    pub fn open(&self, title: &str) {
        if self.audience == Audience::GitHubActions && !self.quiet {
            self.command(&annotations::group(&self.redacted(title)));
        } else {
            self.note(title);
        }
    }

    /// Ends what [`Self::open`] began.
    pub fn close(&self) {
        if !self.quiet {
            self.command(&annotations::end_group());
        }
    }

    /// Data that was asked for. Renderers escape for their own sink; here the runner's commands are defused as well.
    pub fn data(&self, text: &str) {
        if self.audience == Audience::GitHubActions { print(&log_safe(text)) } else { print(text) }
    }

    fn redacted(&self, text: &str) -> String {
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        redact::exact(text, &secrets)
    }

    fn safe(&self, text: &str) -> String {
        let text: Vec<String> = self.redacted(text).lines().map(escape::terminal).collect();
        let text = text.join("\n");
        if self.audience == Audience::GitHubActions { log_safe(&text) } else { text }
    }

    /// Talk goes to standard error; a runner shows both streams, and keeps the order only within one.
    fn talk(&self, text: &str) {
        let line = format!("{text}\n");
        match self.audience {
            Audience::GitHubActions => print(&line),
            Audience::CiLog | Audience::Person => drop(std::io::stderr().write_all(line.as_bytes())),
            Audience::Nobody => {}
        }
    }
}

/// Prints to standard output. A reader that has gone away (`… | head`) is no failure.
fn print(text: &str) {
    let mut stdout = std::io::stdout();
    drop(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// Whether colour is welcome on standard output: a terminal, and nobody said no (<https://no-color.org>).
#[must_use]
pub fn color_welcome(environment: &crate::env::Environment) -> bool {
    let forced = environment.var("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let refused = environment.var("NO_COLOR").is_some() || environment.var("TERM") == Some("dumb");
    forced || (!refused && std::io::stdout().is_terminal())
}

/// Columns of the terminal, as the shell exports them; 100 where it does not.
#[must_use]
pub fn width(environment: &crate::env::Environment) -> usize {
    environment.var("COLUMNS").and_then(|columns| columns.parse().ok()).unwrap_or(100).clamp(60, 200)
}

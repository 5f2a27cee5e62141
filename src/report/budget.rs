//! How much a place takes, and the ladder of details that a rendering steps down until it fits.

/// Bytes kept free for the comment's hidden marker, which `publish` adds.
const MARKER_BYTES: usize = 1024;

/// What a place counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeUnit {
    /// UTF-8 bytes.
    Bytes,
    /// Unicode characters.
    Characters,
}

/// What a place takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest text.
    pub size: usize,
    /// What `size` counts.
    pub unit: SizeUnit,
    /// Rows of a table before the rest is only counted.
    pub rows: usize,
    /// Characters of a diagram.
    pub diagram_characters: usize,
    /// Where the reader finds what is left out, after "… is in".
    pub elsewhere: &'static str,
}

impl Limits {
    /// A comment on GitHub: 60,000 bytes of the 65,536 that it takes, less the marker.
    pub const GITHUB_COMMENT: Self = Self {
        size: 60_000 - MARKER_BYTES,
        unit: SizeUnit::Bytes,
        rows: 20,
        diagram_characters: 20_000,
        elsewhere: "the job summary of this run and the JSON report",
    };

    /// A note on GitLab: 1,000,000 characters, less the marker; its diagrams stop at about 2,000 characters.
    pub const GITLAB_COMMENT: Self = Self {
        size: 1_000_000 - MARKER_BYTES,
        unit: SizeUnit::Characters,
        rows: 20,
        diagram_characters: 1_800,
        elsewhere: "the JSON report of this job",
    };

    /// GitHub's job summary: over 1 MiB the whole page is dropped; other steps write to it as well.
    pub const JOB_SUMMARY: Self = Self {
        size: 1024 * 1024 - 64 * 1024,
        unit: SizeUnit::Bytes,
        rows: 2_000,
        diagram_characters: 20_000,
        elsewhere: "the JSON report of this run",
    };

    /// The size of a text in this place's unit.
    #[must_use]
    pub fn measure(&self, text: &str) -> usize {
        match self.unit {
            SizeUnit::Bytes => text.len(),
            SizeUnit::Characters => text.chars().count(),
        }
    }

    /// Whether a text may be written here.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.measure(text) <= self.size
    }

    /// The steps from everything to the bare facts.
    #[must_use]
    pub fn ladder(&self) -> Vec<Detail> {
        let rows = |most: usize| most.min(self.rows);
        let full = Detail {
            rows: self.rows,
            items: 3,
            name: 120,
            message: 300,
            notes: rows(50),
            diagram: self.diagram_characters,
            sql_assets: rows(50).div_ceil(2),
            sql_lines: 80,
        };
        let shorter_sql = Detail { sql_assets: 5.min(full.sql_assets), sql_lines: 30, ..full };
        let no_sql = Detail { sql_assets: 0, ..shorter_sql };
        let fewer = Detail { rows: rows(200), ..no_sql };
        let no_diagram = Detail { rows: rows(20), diagram: 0, notes: rows(20), ..no_sql };
        let few = Detail { rows: rows(10), items: 2, name: 80, message: 150, notes: rows(10), ..no_diagram };
        let fewest = Detail { rows: rows(5), items: 1, name: 60, message: 100, notes: 5, ..few };
        let bare = Detail { rows: 0, name: 40, message: 60, notes: 0, ..fewest };
        vec![full, shorter_sql, no_sql, fewer, no_diagram, few, fewest, bare]
    }
}

/// One step of the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Rows of a table.
    pub rows: usize,
    /// Names or places within one cell or sentence.
    pub items: usize,
    /// Characters of a name.
    pub name: usize,
    /// Characters of a message.
    pub message: usize,
    /// Rows of "Not analysed".
    pub notes: usize,
    /// Characters of the diagram; 0 leaves it out.
    pub diagram: usize,
    /// Assets whose SQL is shown.
    pub sql_assets: usize,
    /// Lines of SQL for one asset.
    pub sql_lines: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_shows_at_most_what_the_step_before_showed() {
        for limits in [Limits::GITHUB_COMMENT, Limits::GITLAB_COMMENT, Limits::JOB_SUMMARY] {
            for pair in limits.ladder().windows(2) {
                let size = |detail: &Detail| {
                    let Detail { rows, items, name, message, notes, diagram, sql_assets, sql_lines } = *detail;
                    [rows, items, name, message, notes, diagram, sql_assets, sql_lines]
                };
                assert!(size(&pair[0]).iter().zip(size(&pair[1])).all(|(before, after)| *before >= after), "{pair:?}");
            }
        }
    }

    #[test]
    fn github_counts_bytes_and_gitlab_counts_characters() {
        assert_eq!(Limits::GITHUB_COMMENT.measure("über"), 5);
        assert_eq!(Limits::GITLAB_COMMENT.measure("über"), 4);
    }
}

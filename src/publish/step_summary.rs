//! The job summary: the report on the run's page, for everyone who looks at the run and where no comment is possible.

use std::path::Path;

use super::{CommandFileError, append_to};

/// Over this the runner drops the whole summary of the step, in bytes.
pub const MAX_SUMMARY_BYTES: u64 = 1024 * 1024;

/// What the summary holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummaryWritten {
    /// The text.
    Whole,
    /// The text was too long; one sentence says so.
    TooLong,
}

/// Appends Markdown to the file that GITHUB_STEP_SUMMARY names.
///
/// # Errors
/// [`CommandFileError`] when the file cannot be written.
pub fn append(path: &Path, markdown: &str) -> Result<SummaryWritten, CommandFileError> {
    // A missing file is made by appending to it.
    let present = std::fs::metadata(path).map_or(0, |file| file.len());
    // Two line ends keep a heading apart from what an earlier command wrote.
    let lead = if present > 0 { "\n\n" } else { "" };
    let text = format!("{lead}{}\n", markdown.trim_end());
    if fits(present, &text) {
        return append_to(path, &text).map(|()| SummaryWritten::Whole);
    }
    let notice = format!(
        "{lead}The lineage report is too long for the job summary: {} bytes, where {MAX_SUMMARY_BYTES} fit.\n",
        markdown.len(),
    );
    if fits(present, &notice) {
        append_to(path, &notice)?;
    }
    Ok(SummaryWritten::TooLong)
}

fn fits(present: u64, text: &str) -> bool {
    u64::try_from(text.len()).is_ok_and(|bytes| present.saturating_add(bytes) <= MAX_SUMMARY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary_after(present: &str, markdown: &str) -> (SummaryWritten, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("summary");
        std::fs::write(&path, present).expect("written");
        let written = append(&path, markdown).expect("appended");
        (written, std::fs::read_to_string(&path).expect("read"))
    }

    #[test]
    fn a_report_follows_what_is_there() {
        assert_eq!(summary_after("", "# Lineage\n"), (SummaryWritten::Whole, "# Lineage\n".to_owned()));
        assert_eq!(summary_after("text", "# L"), (SummaryWritten::Whole, "text\n\n# L\n".to_owned()));
    }

    #[test]
    fn a_report_over_one_mebibyte_is_replaced_by_a_sentence() {
        let limit = usize::try_from(MAX_SUMMARY_BYTES).expect("fits");
        let (written, text) = summary_after("", &"é".repeat(limit / 2));
        assert_eq!(written, SummaryWritten::TooLong);
        assert_eq!(text, "The lineage report is too long for the job summary: 1048576 bytes, where 1048576 fit.\n");
        assert_eq!(summary_after("", &"x".repeat(limit - 1)).0, SummaryWritten::Whole);
        let full = "x".repeat(limit);
        assert_eq!(summary_after(&full, "# L"), (SummaryWritten::TooLong, full));
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = append(folder.path(), "# L").expect_err("a folder is no file");
        assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
    }
}

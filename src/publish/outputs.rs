//! Outputs of the step, for later steps of the workflow.

use std::collections::BTreeMap;
use std::path::Path;

use super::marker::BodyHash;
use super::{CommandFileError, append_to};

/// Appends outputs by name to the file that GITHUB_OUTPUT names. `run` is text that only this run knows or has (its id,
/// attempt and head): it goes into the delimiters.
///
/// # Errors
/// [`CommandFileError`] when the file cannot be written.
pub fn append(path: &Path, values: &BTreeMap<&str, String>, run: &str) -> Result<(), CommandFileError> {
    append_to(path, &render(values, run))
}

/// The heredoc form: a value of any number of lines between two delimiters that it cannot hold.
fn render(values: &BTreeMap<&str, String>, run: &str) -> String {
    values.iter().fold(String::new(), |text, (name, value)| {
        let delimiter = delimiter(value, run);
        format!("{text}{name}<<{delimiter}\n{value}\n{delimiter}\n")
    })
}

/// A value would have to hold its own hash to end its heredoc early; should one ever, another is drawn.
fn delimiter(value: &str, run: &str) -> String {
    let mut delimiter = format!("ghadelimiter_{}", BodyHash::of(&format!("{run}\n{value}")));
    while value.contains(&delimiter) {
        delimiter = format!("ghadelimiter_{}", BodyHash::of(&format!("{delimiter}\n{value}")));
    }
    delimiter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file the way the runner does.
    fn read_as_runner(text: &str) -> BTreeMap<String, String> {
        let mut values = BTreeMap::new();
        let mut lines = text.split_inclusive('\n');
        while let Some(line) = lines.next() {
            let (name, delimiter) = line.trim_end_matches('\n').split_once("<<").expect("a heredoc");
            let mut value = String::new();
            for line in lines.by_ref().take_while(|line| line.trim_end_matches('\n') != delimiter) {
                value.push_str(line);
            }
            values.insert(name.to_owned(), value.strip_suffix('\n').expect("a line end").to_owned());
        }
        values
    }

    #[test]
    fn any_value_comes_back_as_it_was() {
        let values = BTreeMap::from([
            ("empty", String::new()),
            ("lines", "a\n\nb\r\n".to_owned()),
            ("hostile", "x\nghadelimiter_\nverdict<<EOF\nnone\nEOF".to_owned()),
        ]);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("output");
        append(&path, &values, "run 1").expect("appended");
        let read = read_as_runner(&std::fs::read_to_string(&path).expect("read"));
        let expected: BTreeMap<String, String> =
            values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn delimiters_differ_from_run_to_run() {
        assert_ne!(delimiter("value", "run 1"), delimiter("value", "run 2"));
    }
}

//! A case on disk: SQL, the sentence that says what a user expects, and the facts that it gives.

use std::path::{Path, PathBuf};

use ingest_action::path::RepoPath;
use ingest_action::source::{BlobId, Head, SourceFile, SourceTree};
use ingest_action::sql::dialect::Dialect;

/// The line that ends the SQL of a case of one file.
const MARK: &str = "-- expect";

/// One case.
pub struct Case {
    pub dialect: Dialect,
    /// Where the facts are written.
    pub file: PathBuf,
    /// What a user expects.
    pub sentence: String,
    /// The SQL, and for a case of several files what stands beside it.
    pub tree: SourceTree<Head>,
    /// The facts, in order.
    pub expected: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lineage")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("the entry can be read").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().and_then(|name| name.to_str()).expect("a name of UTF-8").to_owned()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the folders of dialects.
pub fn folders() -> Vec<String> {
    entries(&root()).iter().map(|path| name(path)).collect()
}

/// Every case of every dialect.
pub fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for folder in folders() {
        let dialect = folder.parse().expect("a folder is named after a dialect");
        for path in entries(&root().join(&folder)) {
            cases.push(if path.is_dir() { Case::of_folder(dialect, &path) } else { Case::of_file(dialect, &path) });
        }
    }
    cases
}

impl Case {
    /// A file with its facts as comments below [`MARK`]. The engine reads what stands above.
    fn of_file(dialect: Dialect, path: &Path) -> Self {
        let text = read(path);
        let end = text.find(&format!("\n{MARK}\n")).unwrap_or_else(|| panic!("{}: no `{MARK}`", path.display())) + 1;
        let (sql, facts) = (&text[..end], &text[end..]);
        let mut tree = SourceTree::default();
        insert(&mut tree, &name(path), sql);
        let sentence = sql.lines().next().and_then(|line| line.strip_prefix("-- ")).unwrap_or_default().to_owned();
        let facts = facts.lines().skip(1).map(|line| line.strip_prefix("-- ").unwrap_or(line));
        Self { dialect, file: path.to_owned(), sentence, tree, expected: in_order(facts) }
    }

    /// A folder of files with `expect.txt` beside them.
    fn of_folder(dialect: Dialect, folder: &Path) -> Self {
        let file = folder.join("expect.txt");
        let text = read(&file);
        let (sentence, facts) = text.split_once('\n').unwrap_or((&text, ""));
        let mut tree = SourceTree::default();
        insert_folder(&mut tree, folder, "");
        Self { dialect, sentence: sentence.to_owned(), expected: in_order(facts.lines()), file, tree }
    }

    /// Writes other facts.
    pub fn bless(&self, facts: &[String]) {
        let text = if self.file.ends_with("expect.txt") {
            format!("{}\n{}\n", self.sentence, facts.join("\n"))
        } else {
            let text = read(&self.file);
            let end = text.find(&format!("\n{MARK}\n")).expect("was found before") + MARK.len() + 2;
            let facts: String = facts.iter().map(|fact| format!("-- {fact}\n")).collect();
            format!("{}{facts}", &text[..end])
        };
        std::fs::write(&self.file, text).expect("the case can be written");
    }
}

/// Facts as [`super::facts::of`] gives them: by group, in each group by text.
fn in_order<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut facts: Vec<String> = lines.map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    super::facts::sort(&mut facts);
    facts
}

fn insert_folder(tree: &mut SourceTree<Head>, folder: &Path, prefix: &str) {
    for path in entries(folder) {
        let inner = format!("{prefix}{}", name(&path));
        if path.is_dir() {
            insert_folder(tree, &path, &format!("{inner}/"));
        } else if inner != "expect.txt" {
            insert(tree, &inner, &read(&path));
        }
    }
}

fn insert(tree: &mut SourceTree<Head>, path: &str, text: &str) {
    let path = RepoPath::new(path).expect("inside of the folder");
    let file = SourceFile { path: path.clone(), blob: BlobId(path.as_str().into()), content: Ok(text.into()) };
    let files = if path.as_str().ends_with(".sql") || path.as_str().ends_with(".sqlx") {
        &mut tree.sql
    } else {
        &mut tree.support
    };
    files.insert(path, file);
}

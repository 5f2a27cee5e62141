//! Lineage of every `.sql` file below a folder with flowscope's own engine, without its command line (which builds DuckDB).
//!
//!     with-flowscope FOLDER [together]
//!
//! Without `together` each file is a request of its own, so that nothing is resolved between files. BigQuery's dialect; no
//! schema. The answers are written as JSON and measured, as the tool compared with writes its graph.

use std::error::Error;
use std::path::{Path, PathBuf};

use flowscope_core::{AnalyzeRequest, AnalyzeResult, Dialect, FileSource, analyze};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: with-flowscope FOLDER [together]")?;
    let together = arguments.next().as_deref() == Some("together");
    let mut paths = Vec::new();
    collect(Path::new(&folder), &mut paths)?;
    let read = |path: &PathBuf| {
        let content = std::fs::read_to_string(path).ok()?;
        Some(FileSource { name: path.display().to_string(), content })
    };
    let files: Vec<FileSource> = paths.iter().filter_map(read).collect();
    let count = files.len();
    let results: Vec<AnalyzeResult> =
        if together { vec![answer(files)] } else { files.into_iter().map(|file| answer(vec![file])).collect() };
    let mut bytes = 0;
    for result in &results {
        bytes += serde_json::to_string(result)?.len();
    }
    let issues: usize = results.iter().map(|result| result.issues.len()).sum();
    println!("{count} files, {bytes} bytes of JSON, {issues} issues");
    Ok(())
}

fn answer(files: Vec<FileSource>) -> AnalyzeResult {
    analyze(&AnalyzeRequest {
        sql: String::new(),
        files: Some(files),
        dialect: Dialect::Bigquery,
        source_name: None,
        options: None,
        schema: None,
    })
}

/// The `.sql` files below a folder, in the order of their paths.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() && path.file_name().is_some_and(|name| name != ".git") {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
    Ok(())
}

//! A made-up warehouse of any size: raw tables, staging views, wide joins with CTEs and windows, marts, and jobs that load
//! them. The same size gives the same text.

use ingest_action::path::RepoPath;
use ingest_action::source::{BlobId, SourceFile, SourceTree};

/// The files of a warehouse with so many subjects; five files each.
pub fn files(subjects: usize) -> Vec<(String, String)> {
    (0..subjects).flat_map(|subject| subject_files(subject, subjects)).collect()
}

/// A tree of such files.
pub fn tree<Side>(files: &[(String, String)]) -> SourceTree<Side> {
    let mut tree = SourceTree::default();
    for (path, sql) in files {
        // The paths of this module are all inside of the repository.
        let Ok(path) = RepoPath::new(path) else { continue };
        // The text is its own identity.
        let blob = BlobId(sql.as_str().into());
        let part = if path.as_str().ends_with(".sql") { &mut tree.sql } else { &mut tree.support };
        part.insert(path.clone(), SourceFile { path, blob, content: Ok(sql.as_str().into()) });
    }
    tree
}

/// The same warehouse after a change of one table in its middle: a column less, another one more.
pub fn changed(files: &[(String, String)]) -> Vec<(String, String)> {
    let place = files.len() / 2 / 5 * 5;
    let change = |(index, (path, sql)): (usize, &(String, String))| {
        let sql = if index == place { sql.replace("measure_3 NUMERIC", "measure_new NUMERIC") } else { sql.clone() };
        (path.clone(), sql)
    };
    files.iter().enumerate().map(change).collect()
}

fn subject_files(subject: usize, subjects: usize) -> [(String, String); 5] {
    let measures = |each: &dyn Fn(usize) -> String| (0..12).map(each).collect::<Vec<_>>().join(",\n");
    // Another subject, so that everything hangs together; never a later one.
    let other = subject * 7 / 11;
    let raw = format!(
        "CREATE TABLE raw.events_{subject} (\n  id BIGINT NOT NULL,\n  parent_id BIGINT,\n  happened_at TIMESTAMP,\n  \
         country VARCHAR(2),\n{}\n);\n",
        measures(&|index| format!("  measure_{index} NUMERIC(18, 4)"))
    );
    let staging = format!(
        "-- One row for each event of subject {subject} of {subjects}.\nCREATE VIEW staging.events_{subject} AS\nWITH \
         source AS (SELECT * FROM raw.events_{subject}),\nrenamed AS (\n  SELECT id AS event_id, parent_id, \
         CAST(happened_at AS DATE) AS day, UPPER(country) AS country,\n{}\n  FROM source\n  WHERE happened_at >= \
         '2020-01-01' AND country IS NOT NULL\n)\nSELECT * FROM renamed;\n",
        measures(&|index| format!("    COALESCE(measure_{index}, 0) AS measure_{index}"))
    );
    let joined = format!(
        "CREATE VIEW core.facts_{subject} AS\nWITH events AS (SELECT * FROM staging.events_{subject}),\nparents AS \
         (\n  SELECT event_id, country AS parent_country, measure_0 AS parent_measure,\n    ROW_NUMBER() OVER \
         (PARTITION BY country ORDER BY day DESC) AS place\n  FROM staging.events_{other}\n)\nSELECT e.event_id, e.day, \
         COALESCE(e.country, p.parent_country) AS country, p.parent_measure,\n{}\nFROM events AS e\nLEFT JOIN parents \
         AS p ON p.event_id = e.parent_id AND p.place = 1\nWHERE e.day IN (SELECT day FROM staging.events_{other} WHERE \
         measure_1 > 0);\n",
        measures(&|index| format!(
            "  CASE WHEN e.measure_{index} > p.parent_measure THEN e.measure_{index} ELSE 0 END AS measure_{index}"
        ))
    );
    let mart = format!(
        "CREATE TABLE marts.summary_{subject} AS\nSELECT country, DATE_TRUNC('month', day) AS month, COUNT(*) AS \
         events, COUNT(DISTINCT event_id) AS ids,\n{}\nFROM core.facts_{subject}\nGROUP BY country, DATE_TRUNC('month', \
         day)\nHAVING SUM(measure_0) > 0\nUNION ALL\nSELECT 'XX', NULL, 0, 0,\n{}\nFROM core.facts_{other};\n",
        measures(&|index| format!("  SUM(measure_{index}) AS measure_{index}")),
        measures(&|index| format!("  measure_{index}")),
    );
    let job = format!(
        "INSERT INTO exports.monthly (country, month, total)\nSELECT country, month, measure_0 + measure_1 * 2 FROM \
         marts.summary_{subject} WHERE month IS NOT NULL;\nUPDATE exports.monthly SET total = 0 WHERE country = \
         'XX';\n"
    );
    [
        (format!("raw/events_{subject}.sql"), raw),
        (format!("staging/events_{subject}.sql"), staging),
        (format!("core/facts_{subject}.sql"), joined),
        (format!("marts/summary_{subject}.sql"), mart),
        (format!("jobs/export_{subject}.sql"), job),
    ]
}

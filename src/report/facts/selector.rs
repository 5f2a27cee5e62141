//! The command that rebuilds what moved, where a dbt project is touched.

use crate::report::Report;
use crate::report::phrase::Phrase;

/// A longer command is told by its size: nobody reads it, and the other formats have it.
const LONGEST: usize = 100;

/// "Rebuild what moved: `dbt build -s orders+`"; nothing where there is nothing to build.
#[must_use]
pub fn selector(report: &Report) -> Phrase {
    match report.dbt_selector.as_deref() {
        None => Phrase::default(),
        Some(words) if words.len() <= LONGEST => {
            Phrase::new("Rebuild what moved: ").name(format!("dbt build -s {words}"))
        }
        Some(words) => {
            let count = crate::report::words::number(words.split(' ').count());
            Phrase::new(format!("Rebuild what moved: {count} names for "))
                .name("dbt build -s")
                .words(" stand in the JSON report and in the output ")
                .name("dbt-selector")
        }
    }
}

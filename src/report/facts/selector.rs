//! The command that rebuilds what moved, where a dbt project is touched.

use crate::report::Report;
use crate::report::phrase::Phrase;
use crate::report::words;

/// A longer command is told by its size: nobody reads it, and the other formats have it.
const LONGEST: usize = 100;

/// "Rebuild what moved: `dbt build -s orders+`", of several projects a command each; nothing where there is nothing to build.
#[must_use]
pub fn selector(report: &Report) -> Phrase {
    let Some(text) = report.dbt_selector.as_deref() else { return Phrase::default() };
    let commands: Vec<String> = text.lines().map(command).collect();
    if commands.iter().map(String::len).sum::<usize>() <= LONGEST + "dbt build -s ".len() {
        let commands = commands.iter().map(|command| Phrase::default().name(command));
        return Phrase::new("Rebuild what moved: ").list(commands, usize::MAX);
    }
    let names: usize = text.lines().map(|line| line.rsplit(" -s ").next().unwrap_or(line).split(' ').count()).sum();
    let names = words::count(names, "name", "names");
    let of_projects = match commands.len() {
        1 => String::new(),
        several => format!(" of {} projects", words::number(several)),
    };
    Phrase::new(format!("Rebuild what moved: {names}{of_projects} for "))
        .name("dbt build")
        .words(" stand in the JSON report and in the output ")
        .name("dbt-selector")
}

fn command(line: &str) -> String {
    if line.starts_with("--project-dir ") { format!("dbt build {line}") } else { format!("dbt build -s {line}") }
}

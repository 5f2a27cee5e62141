//! A function that gives a table is an asset like a view: its query, seen through the name by which others read it.

use sqlparser::ast::{Ident, Statement, ViewColumnDef};
use sqlparser::parser::Parser;

use crate::sql::dialect::Dialect;
use crate::sql::split::Returned;

/// The statements of a function's result, with its query as a view of the function's name. What cannot be read as a
/// query stays as it is.
#[must_use]
pub fn table_function(statements: Vec<Statement>, returned: &Returned, dialect: Dialect) -> Vec<Statement> {
    statements
        .into_iter()
        .map(|statement| match statement {
            Statement::Query(query) => match view(returned, dialect) {
                Some(Statement::CreateView(mut view)) => {
                    view.query = query;
                    Statement::CreateView(view)
                }
                _ => Statement::Query(query),
            },
            other => other,
        })
        .collect()
}

/// `CREATE VIEW name (columns) AS …` around nothing.
fn view(returned: &Returned, dialect: Dialect) -> Option<Statement> {
    let text = format!("CREATE VIEW {} AS SELECT 1", returned.name);
    let mut statement = Parser::parse_sql(&*dialect.grammar(), &text).ok()?.into_iter().next()?;
    if let Statement::CreateView(view) = &mut statement {
        view.columns = returned
            .columns
            .iter()
            .map(|name| ViewColumnDef { name: ident(name), data_type: None, options: None })
            .collect();
    }
    Some(statement)
}

fn ident(name: &str) -> Ident {
    let mut characters = name.chars();
    match characters.next() {
        Some(quote @ ('"' | '`' | '[')) => {
            let inner = name.trim_matches(['"', '`', '[', ']']);
            Ident::with_quote(quote, inner)
        }
        _ => Ident::new(name),
    }
}

//! What the loopback endpoint makes of a request's body, by the API's contract: checks the fields, parses the SQL for
//! real, and keeps the names of the assets that statements create, change or fill.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sqlparser::ast::{Insert, ObjectName, ObjectNamePart, Statement, TableObject};
use sqlparser::parser::{Parser, ParserError};

use crate::sql::dialect::Dialect;

/// An answer of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Value,
}

/// What a taken request brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The platform that it named.
    pub platform: Option<String>,
    /// Statements in it.
    pub statements: usize,
    /// Assets that its statements name, in the order of the text, each once.
    pub assets: Vec<String>,
}

/// The assets that were named so far.
#[derive(Debug, Default)]
pub struct Catalog {
    known: BTreeSet<String>,
    received: Vec<Received>,
}

impl Answer {
    /// A failure by the contract.
    #[must_use]
    pub fn refused(status: u16, code: &str, error: &str, details: Option<String>) -> Self {
        let mut body = json!({ "success": false, "error": error, "code": code });
        if let (Some(details), Value::Object(fields)) = (details, &mut body) {
            fields.insert("details".to_owned(), Value::String(details));
        }
        Self { status, body }
    }
}

impl Catalog {
    /// Takes the body of a request.
    pub fn ingest(&mut self, body: &[u8]) -> Answer {
        match read(body) {
            Ok(received) => {
                let added = received.assets.iter().filter(|asset| self.known.insert((*asset).clone())).count();
                let assets = received.assets.len();
                self.received.push(received);
                let noun = if assets == 1 { "asset" } else { "assets" };
                let modified = assets - added;
                let message = format!("Successfully ingested {assets} {noun} [{added} added, {modified} modified]");
                Answer { status: 200, body: json!({ "success": true, "message": message }) }
            }
            Err(answer) => answer,
        }
    }

    /// Everything that was taken.
    #[must_use]
    pub fn received(&self) -> &[Received] {
        &self.received
    }
}

fn read(body: &[u8]) -> Result<Received, Answer> {
    let invalid =
        |details: &str| Answer::refused(400, "INVALID_INPUT", "Invalid request body", Some(details.to_owned()));
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return Err(invalid("the body is no JSON object"));
    };
    let Some(content) = fields.get("content").and_then(Value::as_str).filter(|content| !content.trim().is_empty())
    else {
        return Err(invalid("`content` is required"));
    };
    if fields.get("extra_config").is_some_and(|config| !config.is_object()) {
        return Err(invalid("`extra_config` is no object"));
    }
    let (platform, dialect) = match fields.get("platform") {
        None | Some(Value::Null) => (None, Dialect::Generic),
        Some(Value::String(platform)) => {
            let dialect = platform.parse().map_err(|_| invalid("`platform` is not known"))?;
            (Some(platform.clone()), dialect)
        }
        Some(_) => return Err(invalid("`platform` is no text")),
    };
    let statements = Parser::parse_sql(&*dialect.grammar(), content).map_err(|error| {
        Answer::refused(400, "PARSER_ERROR", "Invalid syntax in SQL script", Some(place_first(&error)))
    })?;
    let mut assets: Vec<String> = Vec::new();
    for asset in statements.iter().filter_map(asset) {
        if !assets.contains(&asset) {
            assets.push(asset);
        }
    }
    Ok(Received { platform, statements: statements.len(), assets })
}

/// `Error at line 3: Expected: …`, from the parser's `Expected: … at Line: 3, Column: 9`.
fn place_first(error: &ParserError) -> String {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.as_str(),
        ParserError::RecursionLimitExceeded => "the statement is nested too deep",
    };
    match text.rsplit_once(" at Line: ") {
        Some((what, place)) => {
            let line = place.split(',').next().unwrap_or(place);
            format!("Error at line {line}: {what}")
        }
        None => text.to_owned(),
    }
}

/// The asset that a statement creates, changes or fills.
fn asset(statement: &Statement) -> Option<String> {
    let name = match statement {
        Statement::CreateTable(table) => &table.name,
        Statement::CreateView(view) => &view.name,
        Statement::AlterTable(table) => &table.name,
        Statement::AlterView { name, .. } => name,
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => name,
        _ => return None,
    };
    Some(full_name(name))
}

/// Every part of the name; unquoted ones in lower case.
fn full_name(name: &ObjectName) -> String {
    let part = |part: &ObjectNamePart| match part.as_ident() {
        Some(ident) if ident.quote_style.is_none() => ident.value.to_lowercase(),
        Some(ident) => ident.value.clone(),
        None => part.to_string(),
    };
    name.0.iter().map(part).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ingest(catalog: &mut Catalog, body: &Value) -> Answer {
        catalog.ingest(body.to_string().as_bytes())
    }

    #[test]
    fn assets_are_added_once_and_modified_from_then_on() {
        let mut catalog = Catalog::default();
        let content = "CREATE TABLE Raw.Orders (id int); ALTER TABLE raw.orders ADD COLUMN note text;
            CREATE VIEW marts.big AS SELECT 1 AS one; INSERT INTO raw.log SELECT 1; SELECT 2;";
        let first = ingest(&mut catalog, &json!({ "content": content, "platform": "postgres", "extra_config": {} }));
        assert_eq!((first.status, &first.body["success"]), (200, &json!(true)));
        assert_eq!(first.body["message"], "Successfully ingested 3 assets [3 added, 0 modified]");
        let second = ingest(&mut catalog, &json!({ "content": "CREATE OR REPLACE VIEW marts.big AS SELECT 2 AS one" }));
        assert_eq!(second.body["message"], "Successfully ingested 1 asset [0 added, 1 modified]");
        let received = catalog.received();
        assert_eq!(received[0].assets, ["raw.orders", "marts.big", "raw.log"]);
        assert_eq!((received[0].platform.as_deref(), received[0].statements), (Some("postgres"), 5));
        assert_eq!(received[1].platform, None);
    }

    #[test]
    fn sql_that_does_not_parse_is_refused_with_its_line() {
        let mut catalog = Catalog::default();
        let answer = ingest(
            &mut catalog,
            &json!({ "content": "CREATE VIEW v AS\nSELECT a,\nFROM t WHERE", "platform": "postgres" }),
        );
        assert_eq!((answer.status, &answer.body["code"]), (400, &json!("PARSER_ERROR")));
        let details = answer.body["details"].as_str().expect("details");
        assert!(details.starts_with("Error at line 3: "), "{details}");
        let unclosed = ingest(&mut catalog, &json!({ "content": "SELECT\n'abc" }));
        assert!(unclosed.body["details"].as_str().is_some_and(|details| details.starts_with("Error at line 2: ")));
        let deep = format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000));
        assert_eq!(ingest(&mut catalog, &json!({ "content": deep })).body["code"], "PARSER_ERROR");
        assert_eq!(catalog.received(), []);
    }

    #[test]
    fn bodies_that_break_the_contract_are_invalid_input() {
        let mut catalog = Catalog::default();
        for body in [
            json!([]),
            json!({}),
            json!({ "content": " " }),
            json!({ "content": 1 }),
            json!({ "content": "SELECT 1", "platform": "cobol" }),
            json!({ "content": "SELECT 1", "platform": 7 }),
            json!({ "content": "SELECT 1", "extra_config": [] }),
        ] {
            let answer = ingest(&mut catalog, &body);
            assert_eq!((answer.status, &answer.body["code"]), (400, &json!("INVALID_INPUT")), "{body}");
        }
        assert_eq!(catalog.ingest(b"not json").status, 400);
    }
}

//! A script as text, in a plain style or in a drawn one that means the same.

use std::collections::BTreeMap;

use super::script::{COLUMNS, Draw, Expr, Join, Kind, Query, Relation, Script, Select, Source, TABLES};

/// How something is written.
pub struct Style<'b> {
    draw: Option<Draw<'b>>,
    lower: bool,
    /// In front of the numbers of aliases and CTEs.
    prefixes: [&'static str; 2],
    /// Whether tables go by their own names where they can.
    own_names: bool,
    bare_columns: bool,
    /// Whether items change places.
    moved_items: bool,
}

impl<'b> Style<'b> {
    pub fn plain() -> Self {
        Self {
            draw: None,
            lower: false,
            prefixes: ["s", "c"],
            own_names: false,
            bare_columns: false,
            moved_items: false,
        }
    }

    pub fn drawn(bytes: &'b [u8]) -> Self {
        let mut draw = Draw::new(bytes);
        let mut is = || draw.below(2) == 1;
        let (lower, own_names, bare_columns, moved_items) = (is(), is(), is(), is());
        let prefixes = [*draw.pick(&["s", "q_", "other"]), *draw.pick(&["c", "step_", "z"])];
        Self { draw: Some(draw), lower, prefixes, own_names, bare_columns, moved_items }
    }

    /// Something of which one does not need the other, in any order.
    fn below(&mut self, end: usize) -> usize {
        self.draw.as_mut().map_or(0, |draw| draw.below(end))
    }

    fn is(&mut self) -> bool {
        self.below(2) == 1
    }
}

/// Writes a script.
pub fn written(script: &Script, style: &mut Style<'_>) -> String {
    let (mut has_star, mut has_places) = (false, script.views.iter().any(|view| view.kind == Kind::Insert));
    for view in &script.views {
        view.query.visit(&mut |query| {
            has_places |= query.union.is_some();
            has_star |= query.first.is_star();
        });
    }
    style.moved_items &= !(has_star && has_places);
    let mut writer =
        Writer { style, out: String::new(), aliases: BTreeMap::new(), own: BTreeMap::new(), froms: Vec::new() };
    for table in 0..TABLES {
        writer.create(&format!("t{table}"), &COLUMNS.map(str::to_owned));
    }
    for (index, view) in script.views.iter().enumerate() {
        let (name, columns) = (format!("v{index}"), view.query.columns());
        writer.count(&view.query);
        match view.kind {
            Kind::View => writer.words("CREATE VIEW").word(&name).words("AS"),
            Kind::Table => writer.words("CREATE TABLE").word(&name).words("AS"),
            Kind::Insert => {
                writer.create(&name, &columns);
                writer.words("INSERT INTO").word(&name).list(&columns)
            }
        };
        writer.query(&view.query, view.kind != Kind::Insert);
        writer.word(";\n");
    }
    writer.out
}

struct Writer<'s, 'b> {
    style: &'s mut Style<'b>,
    out: String,
    /// What sources are called.
    aliases: BTreeMap<usize, String>,
    /// How often a view names each relation.
    own: BTreeMap<String, usize>,
    /// The sources of the selects that are open.
    froms: Vec<Vec<usize>>,
}

const BETWEEN: [&str; 8] = [" ", "\n", "  ", "\t", " /* why, (or) 'not */ ", "\n-- it's; so\n", "\r\n", " "];

impl Writer<'_, '_> {
    fn word(&mut self, word: &str) -> &mut Self {
        let between = BETWEEN[self.style.below(BETWEEN.len())];
        self.out.push_str(between);
        self.out.push_str(word);
        self
    }

    fn words(&mut self, words: &str) -> &mut Self {
        for word in words.split(' ').filter(|word| !word.is_empty()) {
            let word = if self.style.lower { word.to_lowercase() } else { word.to_owned() };
            self.word(&word);
        }
        self
    }

    fn list(&mut self, names: &[String]) -> &mut Self {
        let names = format!("({})", names.join(", "));
        self.word(&names)
    }

    fn create(&mut self, name: &str, columns: &[String]) {
        let columns: Vec<String> = columns.iter().map(|column| format!("{column} int")).collect();
        self.words("CREATE TABLE").word(name).list(&columns).word(";\n");
    }

    fn count(&mut self, query: &Query) {
        self.own.clear();
        let own = &mut self.own;
        query.visit(&mut |query| {
            for source in query.selects().flat_map(|select| &select.from) {
                if let Some(name) = own_name(&source.relation, "") {
                    *own.entry(name).or_default() += 1;
                }
            }
        });
    }

    fn relation_name(&self, relation: &Relation) -> Option<String> {
        own_name(relation, self.style.prefixes[1])
    }

    fn query(&mut self, query: &Query, may_move: bool) {
        let mut left: Vec<&(usize, Query)> = query.ctes.iter().collect();
        let mut is_first = true;
        while !left.is_empty() {
            // Of those that read none that is still to come, any.
            let names: Vec<usize> = left.iter().map(|(number, _)| *number).collect();
            let is_free = |(_, query): &&(usize, Query)| !names.iter().any(|number| query.reads_cte(*number));
            let free: Vec<usize> = (0..left.len()).filter(|index| is_free(&left[*index])).collect();
            let (number, inner) = left.remove(free[self.style.below(free.len())]);
            self.words(if is_first { "WITH" } else { "," });
            is_first = false;
            let name = format!("{}{number}", self.style.prefixes[1]);
            self.word(&name).words("AS").word("(");
            self.query(inner, true);
            self.word(")");
        }
        self.select(&query.first, may_move && query.union.is_none());
        if let Some((all, other)) = &query.union {
            self.words(if *all { "UNION ALL" } else { "UNION" });
            self.select(other, false);
        }
        if let Some(limit) = query.limit {
            self.words("LIMIT").word(&limit.to_string());
        }
    }

    fn select(&mut self, select: &Select, may_move: bool) {
        for source in &select.from {
            let name = self.alias(source);
            self.aliases.insert(source.alias, name);
        }
        self.froms.push(select.from.iter().map(|source| source.alias).collect());
        self.words("SELECT");
        if select.distinct {
            self.words("DISTINCT");
        }
        let mut items: Vec<&(Expr, String)> = select.items.iter().collect();
        if items.is_empty() {
            self.word("*");
        }
        let mut comma = "";
        while !items.is_empty() {
            let next = if may_move && self.style.moved_items { self.style.below(items.len()) } else { 0 };
            let (value, name) = items.remove(next);
            self.words(comma);
            comma = ",";
            self.expression(value);
            let is_same = matches!(value, Expr::Column(_, column) if column == name);
            if is_same && self.style.is() {
                continue;
            }
            if !self.style.is() {
                self.words("AS");
            }
            self.word(name);
        }
        self.words("FROM");
        select.from.iter().for_each(|source| self.source(source));
        if let Some(filter) = &select.filter {
            self.words("WHERE").expression(filter);
        }
        self.group(select);
        self.froms.pop();
    }

    fn group(&mut self, select: &Select) {
        let keys = select.items.iter().map(|(value, _)| value).filter(|_| select.grouped);
        for (index, key) in keys.take(1).enumerate() {
            self.words(if index == 0 { "GROUP BY" } else { "," }).expression(key);
        }
    }

    fn alias(&mut self, source: &Source) -> String {
        let is_only = own_name(&source.relation, "").is_some_and(|name| self.own.get(&name) == Some(&1));
        match self.relation_name(&source.relation) {
            Some(name) if is_only && self.style.own_names => name,
            _ => format!("{}{}", self.style.prefixes[0], source.alias),
        }
    }

    fn source(&mut self, source: &Source) {
        match &source.join {
            Join::First => {}
            Join::Cross => _ = self.words("CROSS JOIN"),
            Join::Using(kind) | Join::On(kind, _) => {
                let kind = match *kind {
                    "JOIN" if self.style.is() => "INNER JOIN",
                    "LEFT JOIN" if self.style.is() => "LEFT OUTER JOIN",
                    other => other,
                };
                self.words(kind);
            }
        }
        let name = self.relation_name(&source.relation);
        match (&source.relation, &name) {
            (Relation::Derived(query), _) => {
                self.word("(").query(query, true);
                self.word(")");
            }
            (_, Some(name)) => _ = self.word(name),
            (_, None) => unreachable!("only a derived table has no name"),
        }
        let alias = self.aliases[&source.alias].clone();
        if name.as_ref() != Some(&alias) {
            if self.style.is() {
                self.words("AS");
            }
            self.word(&alias);
        }
        match &source.join {
            Join::Using(_) => _ = self.words("USING").word("(k)"),
            Join::On(_, condition) => self.words("ON").expression(condition),
            Join::First | Join::Cross => {}
        }
    }

    fn expression(&mut self, value: &Expr) {
        let more = if self.style.below(4) == 3 { 1 + self.style.below(2) } else { 0 };
        for _ in 0..more {
            self.word("(");
        }
        self.bare(value);
        for _ in 0..more {
            self.word(")");
        }
    }

    fn bare(&mut self, value: &Expr) {
        match value {
            Expr::Column(alias, name) => {
                let is_only = self.froms.last().is_some_and(|from| from.as_slice() == [*alias]);
                let qualified = format!("{}.{name}", self.aliases[alias]);
                let text = if is_only && self.style.bare_columns { name.clone() } else { qualified };
                self.word(&text);
            }
            Expr::Number(number) => _ = self.word(&number.to_string()),
            Expr::CountAll => _ = self.words("COUNT").word("(*)"),
            Expr::Binary(operator, left, right) => {
                self.word("(").expression(left);
                self.words(operator).expression(right);
                self.word(")");
            }
            Expr::Call(function, arguments) => {
                self.words(function).word("(");
                for (index, argument) in arguments.iter().enumerate() {
                    self.words(if index == 0 { "" } else { "," }).expression(argument);
                }
                self.word(")");
            }
            Expr::Case(parts) => {
                let [condition, one, other] = &**parts;
                self.words("CASE WHEN").expression(condition);
                self.words("THEN").expression(one);
                self.words("ELSE").expression(other);
                self.words("END");
            }
            Expr::Window(function, parts) => {
                let [of, by, order] = &**parts;
                self.words(function).word("(").expression(of);
                self.word(")").words("OVER").word("(").words("PARTITION BY").expression(by);
                self.words("ORDER BY").expression(order);
                self.word(")");
            }
            Expr::Exists(query) => {
                self.words("EXISTS").word("(").query(query, true);
                self.word(")");
            }
            Expr::In(value, query) => {
                self.expression(value);
                self.words("IN").word("(").query(query, true);
                self.word(")");
            }
        }
    }
}

/// What a relation is called, with this in front of the number of a CTE.
fn own_name(relation: &Relation, prefix: &str) -> Option<String> {
    match relation {
        Relation::Table(number) => Some(format!("t{number}")),
        Relation::View(number) => Some(format!("v{number}")),
        Relation::Cte(number) => Some(format!("{prefix}{number}")),
        Relation::Derived(_) => None,
    }
}

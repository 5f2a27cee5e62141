//! What a statement writes: the tables and places that its first words name.

use sqlparser::ast::ObjectName;

use crate::sql::dialect::Dialect;
use crate::sql::scan::names::{Found, name, relation};
use crate::sql::scan::reads::Walker;
use crate::sql::scan::tokens::Kind;
use crate::sql::scan::words;
use crate::sql::scan::{Deed, Spot, Target};

impl Walker<'_> {
    /// Takes the words at `at` that begin a statement or name what it writes; the index behind them, if they do.
    pub fn statement(&mut self, at: usize, at_start: bool) -> Option<usize> {
        let word = self.token(at)?.text.to_ascii_uppercase();
        match word.as_str() {
            "INSERT" | "INS" if at_start || self.is_any(at + 1, &["INTO", "OVERWRITE"]) => self.insert(at),
            "REPLACE" | "UPSERT" if at_start && self.is(at + 1, "INTO") => self.target(at + 1, Deed::Fill),
            "CREATE" | "REPLACE" | "CACHE" if at_start => self.instance(at).or_else(|| self.create(at)),
            "UPDATE" | "UPD" if at_start => self.update(at),
            "DELETE" | "DEL" if at_start => self.delete(at),
            "MERGE" if at_start => {
                self.using_relation = true;
                self.target(at + 1, Deed::Fill)
            }
            "TRUNCATE" if at_start => self.target(at + 1, Deed::Fill),
            "COPY" if at_start && self.at_bottom() => self.copy(at),
            "LOAD" | "IMPORT" if at_start && self.at_bottom() => self.load(at),
            "EXPORT" if at_start && self.is(at + 1, "DATA") => self.export(at),
            "ALTER" if at_start && self.at_bottom() => self.alter(at),
            "DROP" if at_start && self.at_bottom() => self.drop_objects(at),
            "INTO" => self.into(at),
            "LOCATION" => self.location(at),
            _ => None,
        }
    }

    fn write(&mut self, spot: Spot, deed: Deed) {
        let target = Target { spot, deed };
        if !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    /// Passes over words, and takes the name behind them as a target.
    pub(super) fn target(&mut self, at: usize, deed: Deed) -> Option<usize> {
        let mut at = at;
        while self.is_any(at, words::BEFORE_TARGET)
            || (self.is_any(at, &["TEMP", "TEMPORARY"]) && self.is(at + 1, "TABLE"))
        {
            at += 1;
        }
        // `MERGE JOIN` of a hint changes nothing.
        if self.is_any(at, words::NO_RELATIONS) {
            return None;
        }
        match relation(self.tokens(), at, self.dialect) {
            Found::Spot(spot, end) => {
                self.remember(&spot);
                self.write(spot, deed);
                Some(end)
            }
            Found::Nothing => {
                self.unnamed += 1;
                Some(at)
            }
        }
    }

    fn insert(&mut self, at: usize) -> Option<usize> {
        // The branch of a MERGE.
        if self.before_is(at, &["THEN"]) && !self.is(at + 1, "INTO") {
            return None;
        }
        let local = at + 2 + usize::from(self.is(at + 2, "LOCAL"));
        if self.is(at + 1, "OVERWRITE") && self.is(local, "DIRECTORY") {
            let place = self.text(local + 1);
            self.write(place.unwrap_or_else(|| Spot::Outside("directory".to_owned())), Deed::Fill);
            return Some(local + 1);
        }
        if self.is_any(at + 1, &["ALL", "FIRST"]) {
            self.many_targets = true;
            return Some(at + 2);
        }
        self.target(self.behind_top(at + 1), Deed::Fill)
    }

    /// Behind T-SQL's `TOP (1000) PERCENT` and MySQL's `LOW_PRIORITY IGNORE`, which stand between the verb and the table.
    fn behind_top(&self, at: usize) -> usize {
        if self.dialect == Dialect::MySql && self.is_any(at, &["LOW_PRIORITY", "QUICK", "IGNORE"]) {
            return self.behind_top(at + 1);
        }
        if !self.is(at, "TOP") || !self.is(at + 1, "(") {
            return at;
        }
        let close = (at + 2..at + 12).find(|place| self.is(*place, ")"));
        close.map_or(at, |close| close + 1 + usize::from(self.is(close + 1, "PERCENT")))
    }

    fn update(&mut self, at: usize) -> Option<usize> {
        let end = self.target(self.behind_top(at + 1), Deed::Fill)?;
        self.level(|level| {
            level.has_query = true;
            level.lists = true;
        });
        Some(end)
    }

    fn delete(&mut self, at: usize) -> Option<usize> {
        self.using_relation = true;
        let from = self.behind_top(at + 1);
        let start = from + usize::from(self.is(from, "FROM"));
        let end = self.target(start, Deed::Fill)?;
        self.level(|level| level.has_query = true);
        Some(end)
    }

    fn create(&mut self, at: usize) -> Option<usize> {
        let mut noun = at + 1;
        let mut holds_rows = false;
        while let Some(token) = self.token(noun).filter(|token| !token.is_any(&["TABLE", "VIEW", "MODEL"])) {
            // MySQL writes `DEFINER = name@host`.
            let value = matches!(token.text, "=" | "@") || self.is(noun - 1, "=") || self.is(noun - 1, "@");
            if !value && !token.is_any(words::BEFORE_NOUN) {
                return None;
            }
            holds_rows |= token.is_any(&["MATERIALIZED", "DYNAMIC"]);
            noun += 1;
        }
        let deed = match (holds_rows, self.is(noun, "VIEW")) {
            (true, _) => Deed::CreateMaterializedView,
            (false, true) => Deed::CreateView,
            (false, false) => Deed::CreateTable,
        };
        let end = self.target(noun + 1, deed)?;
        Some(self.original(end))
    }

    /// The table that a new one is made like.
    fn original(&mut self, at: usize) -> usize {
        let like = match () {
            () if self.is_any(at, &["LIKE", "CLONE", "COPY"]) => at + 1,
            () if self.is_any(at, &["SHALLOW", "DEEP"]) && self.is(at + 1, "CLONE") => at + 2,
            () if self.is(at, "PARTITION") && self.is(at + 1, "OF") => at + 2,
            () if self.is(at, "(") && self.is(at + 1, "LIKE") => at + 2,
            () if self.dialect == Dialect::ClickHouse && self.is(at, "AS") && !self.is_any(at + 1, words::QUERIES) => {
                at + 1
            }
            () => return at,
        };
        match name(self.tokens(), like, self.dialect) {
            // `LIKE PARQUET 'file'` names no table.
            Some((_, end)) if self.text(end).or_else(|| self.text(end + 1)).is_some() && self.is(at, "LIKE") => end,
            Some((original, end)) if !self.is(end, "(") => {
                self.read(Spot::Table(original));
                end
            }
            _ => at,
        }
    }

    /// `LOCATION 's3://…'`: where the data of an external table lies.
    fn location(&mut self, at: usize) -> Option<usize> {
        let place = at + 1 + usize::from(self.is(at + 1, "="));
        let spot = self.text(place)?;
        self.read(spot);
        Some(place + 1)
    }

    fn text(&self, at: usize) -> Option<Spot> {
        self.token(at).filter(|token| token.kind == Kind::Text).map(|token| Spot::Outside(token.unquoted()))
    }

    /// `SELECT … INTO t`, and the targets of INSERT ALL.
    fn into(&mut self, at: usize) -> Option<usize> {
        if self.many_targets {
            return self.target(at, Deed::Fill);
        }
        // Behind FROM, and always in Oracle, it names variables.
        let variable = self.behind_from() || self.dialect == Dialect::Oracle || self.before_is(at, &["COLLECT"]);
        let file = self.is_any(at + 1, &["OUTFILE", "DUMPFILE", "STRICT"]);
        let named = self.token(at + 1).is_some_and(|token| token.kind != Kind::Sign || token.text == "#");
        if variable || file || !named || !self.at_bottom() || !self.targets.is_empty() {
            return None;
        }
        let mut start = at + 1;
        while self.is_any(start, &["TEMP", "TEMPORARY", "UNLOGGED", "TABLE"]) {
            start += 1;
        }
        self.target(start, Deed::CreateTable)
    }

    /// COPY, of warehouses (`INTO`) and of PostgreSQL (`FROM`, `TO`).
    fn copy(&mut self, at: usize) -> Option<usize> {
        let into = at + 1 + usize::from(self.is(at + 1, "FILES"));
        if self.is(into, "INTO") {
            return self.target(into + 1, Deed::Fill);
        }
        if let Some(records) = self.find(at, &["RECORDS"]).filter(|records| self.is(records + 1, "INTO")) {
            return self.load(records);
        }
        let behind = self.find(at + 1, &["FROM", "TO"])?;
        let outside = self.text(behind + 1 + usize::from(self.is(behind + 1, "PROGRAM")));
        if self.is(behind, "FROM") {
            self.target(at + 1, Deed::Fill)?;
            if let Some(outside) = outside {
                self.read(outside);
            }
            return Some(self.tokens().len());
        }
        if let Some(outside) = outside {
            self.write(outside, Deed::Fill);
        }
        if self.is(at + 1, "(") {
            return Some(at + 1);
        }
        if let Some((table, _)) = name(self.tokens(), at + 1, self.dialect) {
            self.read(Spot::Table(table));
        }
        Some(self.tokens().len())
    }

    /// The first of these words from `at` on, outside of parentheses.
    fn find(&self, at: usize, texts: &[&str]) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, token) in self.tokens().iter().enumerate().skip(at) {
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if depth == 0 && token.is_any(texts) => return Some(index),
                _ => {}
            }
        }
        None
    }

    /// `LOAD DATA … 'file' INTO TABLE t`, `LOAD DATA INTO t FROM FILES (uris = …)`, `IMPORT FROM … 'file' INTO t`.
    fn load(&mut self, at: usize) -> Option<usize> {
        let into = self.find(at, &["INTO", "OVERWRITE"])?;
        self.target(into, Deed::Fill)?;
        let place = (at..self.tokens().len()).find_map(|index| {
            let named = self.is_any(index, &["URIS", "FROM", "FILE"]) || index < into;
            if named { (index + 1..index + 4).find_map(|index| self.text(index)) } else { None }
        });
        if let Some(place) = place {
            self.read(place);
        }
        Some(self.tokens().len())
    }

    /// `EXPORT DATA OPTIONS (uri = '…') AS SELECT …`
    fn export(&mut self, at: usize) -> Option<usize> {
        let uri = (at..self.tokens().len()).find(|index| self.is(*index, "URI"));
        let place = uri.and_then(|uri| self.text(uri + 2));
        self.write(place.unwrap_or_else(|| Spot::Outside("export".to_owned())), Deed::Fill);
        Some(at + 1)
    }

    fn alter(&mut self, at: usize) -> Option<usize> {
        let noun = (at + 1..at + 4).find(|index| self.is_any(*index, &["TABLE", "VIEW"]))?;
        let is_view = self.is(noun, "VIEW");
        let redefined = is_view && self.find(noun, &["AS"]).is_some();
        self.target(noun + 1, if redefined { Deed::CreateView } else { Deed::Alter })
    }

    fn drop_objects(&mut self, at: usize) -> Option<usize> {
        let noun = (at + 1..at + 4).find(|index| self.is_any(*index, &["TABLE", "VIEW"]))?;
        let mut end = self.target(noun + 1, Deed::Drop)?;
        while self.is(end, ",") {
            end = self.target(end + 1, Deed::Drop)?;
        }
        Some(self.tokens().len())
    }

    /// What an alias behind a target stands for.
    fn remember(&mut self, spot: &Spot) {
        let table: Option<ObjectName> = match spot {
            Spot::Table(name) => Some(name.clone()),
            Spot::Outside(_) => None,
        };
        self.last_relation = table;
        self.level(|level| level.after_relation = true);
    }
}

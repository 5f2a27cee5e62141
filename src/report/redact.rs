//! Hides secrets before anything is written: the configured ones wherever they stand, and SQL literals in the places
//! where SQL puts credentials. `report::build` applies it to every text of the report; the shell asks
//! [`contains_secret`] once more before a text leaves the process.

use crate::secret::Secret;

/// What stands in place of a secret.
const MASK: &str = "***";

/// Shorter secrets are not searched: they would hit ordinary words everywhere.
const SHORTEST: usize = 4;

/// A word that ends like this names a credential (compared in upper case).
const CREDENTIAL_WORDS: [&str; 20] = [
    "PASSWORD",
    "PASSWD",
    "PWD",
    "PASSPHRASE",
    "SECRET",
    "SECRET_KEY",
    "SECRETKEY",
    "ACCESS_KEY",
    "ACCESS_KEY_ID",
    "AWS_KEY_ID",
    "API_KEY",
    "APIKEY",
    "ACCOUNT_KEY",
    "ACCOUNTKEY",
    "PRIVATE_KEY",
    "MASTER_KEY",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "CONNECTION_STRING",
];

/// Tokens that are known by their first letters, and how many letters must follow at least.
const TOKEN_PREFIXES: [(&str, usize); 17] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("eyJ", 30),
    ("dapi", 32),
    ("npm_", 30),
    ("sk_live_", 16),
    ("dckr_pat_", 16),
];

/// Hides the configured secrets and the credentials of a text.
#[must_use]
pub fn redact(text: &str, secrets: &[&Secret]) -> String {
    credentials(&exact(text, secrets))
}

/// Hides the configured secrets.
#[must_use]
pub fn exact(text: &str, secrets: &[&Secret]) -> String {
    let mut shown = text.to_owned();
    for secret in secrets.iter().filter(|secret| is_searched(secret)) {
        if shown.contains(secret.expose()) {
            shown = shown.replace(secret.expose(), MASK);
        }
    }
    shown
}

/// Whether a rendered text still holds a configured secret, even one that Markdown escapes have torn apart.
#[must_use]
pub fn contains_secret(text: &str, secrets: &[&Secret]) -> bool {
    let plain = |text: &str| text.replace("&#8203;", "").replace('\\', "");
    let mut unescaped = None;
    secrets.iter().filter(|secret| is_searched(secret)).any(|secret| {
        text.contains(secret.expose()) || unescaped.get_or_insert_with(|| plain(text)).contains(&plain(secret.expose()))
    })
}

fn is_searched(secret: &Secret) -> bool {
    secret.expose().chars().count() >= SHORTEST
}

/// Hides literals in credential positions: `PASSWORD = '…'`, `CREDENTIALS=(…)`, `IDENTIFIED BY …`, `password=…` within
/// a connection string, `scheme://user:…@host`, and tokens that are known by their first letters.
#[must_use]
pub fn credentials(text: &str) -> String {
    Scanner::new(text, Place::Sql).run()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Sql,
    /// Within a string literal, where `key=value` pairs have no quotes.
    Literal,
}

struct Scanner<'a> {
    rest: &'a str,
    shown: String,
    place: Place,
    depth: usize,
    /// Depth of the parenthesis of `CREDENTIALS = (`, within which every literal is hidden.
    credentials_from: Option<usize>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, place: Place) -> Self {
        Self { rest: text, shown: String::with_capacity(text.len()), place, depth: 0, credentials_from: None }
    }

    fn run(mut self) -> String {
        while let Some(first) = self.rest.chars().next() {
            match first {
                '\'' if self.place == Place::Sql => self.literal(),
                '(' => {
                    self.depth += 1;
                    self.show(1);
                }
                ')' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.credentials_from = self.credentials_from.filter(|from| *from <= self.depth);
                    self.show(1);
                }
                ':' if self.rest.starts_with("://") => self.address(),
                _ if is_word(first) => self.word(),
                _ => self.show(first.len_utf8()),
            }
        }
        self.shown
    }

    fn literal(&mut self) {
        let length = quoted_length(self.rest);
        if self.credentials_from.is_some() {
            self.hide_quoted(length);
        } else {
            let (literal, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
            self.shown.push_str(&Scanner::new(literal, Place::Literal).run());
            self.rest = rest;
        }
    }

    fn word(&mut self) {
        let length = self.rest.find(|c: char| !is_word(c) && c != '-').unwrap_or(self.rest.len());
        let word = self.rest.get(..length).unwrap_or_default();
        if is_known_token(word) {
            self.hide(length);
            return;
        }
        let upper = word.to_ascii_uppercase();
        self.show(length);
        if is_credential_word(&upper) {
            match self.place {
                Place::Sql => self.value_in_sql(&upper),
                Place::Literal => self.value_in_literal(),
            }
        } else if upper == "IDENTIFIED" && self.place == Place::Sql {
            self.identified();
        }
    }

    fn value_in_sql(&mut self, word: &str) {
        let gap = gap_before_value(self.rest);
        let value = self.rest.get(gap..).unwrap_or_default();
        // `token "t"` is a column with an alias; `token = "t"` is a value.
        let has_sign = !self.rest.trim_start().starts_with(value);
        if value.starts_with('\'') || (has_sign && value.starts_with('"')) {
            let length = quoted_length(value);
            self.show(gap);
            self.hide_quoted(length);
        } else if value.starts_with('(') && word.ends_with("CREDENTIALS") {
            self.show(gap + 1);
            self.depth += 1;
            self.credentials_from = Some(self.depth);
        }
    }

    fn value_in_literal(&mut self) {
        let gap = gap_before_value(self.rest);
        let value = self.rest.get(gap..).unwrap_or_default();
        let end = value.find(|c: char| c.is_whitespace() || matches!(c, ';' | '&' | ',' | '\'' | '"'));
        let length = end.unwrap_or(value.len());
        if self.rest.trim_start().starts_with(['=', ':']) && length > 0 {
            self.show(gap);
            self.hide(length);
        }
    }

    /// `IDENTIFIED BY x`, `IDENTIFIED WITH plugin BY 'x'`, with the password quoted or not.
    fn identified(&mut self) {
        for _ in 0..3 {
            self.show(leading_blanks(self.rest));
            let length = self.rest.find(|c: char| !is_word(c)).unwrap_or(self.rest.len());
            let keyword = self.rest.get(..length).unwrap_or_default().to_ascii_uppercase();
            self.show(length);
            if matches!(keyword.as_str(), "BY" | "AS") {
                self.show(leading_blanks(self.rest));
                if self.rest.starts_with(['\'', '"']) {
                    self.hide_quoted(quoted_length(self.rest));
                } else {
                    self.hide(self.rest.find(|c: char| c.is_whitespace() || c == ';').unwrap_or(self.rest.len()));
                }
                return;
            }
        }
    }

    /// `://user:password@host`, `://token@host`.
    fn address(&mut self) {
        self.show(3);
        let end = self.rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '\'' | '"' | '`' | '<' | '>'));
        let authority = self.rest.get(..end.unwrap_or(self.rest.len())).unwrap_or_default();
        let Some((user, _)) = authority.rsplit_once('@') else { return };
        let name = user.split_once(':').map_or(0, |(name, _)| name.len() + 1);
        let hidden = user.len() - name;
        self.show(name);
        self.hide(hidden);
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn show(&mut self, length: usize) {
        let taken = self.take(length);
        self.shown.push_str(taken);
    }

    fn hide(&mut self, length: usize) {
        if !self.take(length).is_empty() {
            self.shown.push_str(MASK);
        }
    }

    fn hide_quoted(&mut self, length: usize) {
        let quote = self.take(length).chars().next().unwrap_or('\'');
        self.shown.push(quote);
        self.shown.push_str(MASK);
        self.shown.push(quote);
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn is_credential_word(upper: &str) -> bool {
    CREDENTIAL_WORDS
        .iter()
        .any(|word| upper.strip_suffix(word).is_some_and(|before| before.is_empty() || before.ends_with('_')))
}

fn is_known_token(word: &str) -> bool {
    TOKEN_PREFIXES.iter().any(|(prefix, least)| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= *least))
}

fn leading_blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Bytes of blanks and one `=`, `=>`, `:=` or `:` before a value.
fn gap_before_value(after: &str) -> usize {
    let trimmed = after.trim_start();
    let sign = ["=>", ":=", "=", ":"].iter().find(|sign| trimmed.starts_with(**sign)).map_or("", |sign| *sign);
    let value = trimmed.strip_prefix(sign).unwrap_or(trimmed).trim_start();
    after.len() - value.len()
}

/// Bytes of the quoted text at the start, quotes included; a doubled quote stays inside; all of it when never closed.
fn quoted_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let Some((_, quote)) = characters.next() else { return 0 };
    while let Some((offset, character)) = characters.next() {
        if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return offset + quote.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_in_credential_positions_are_hidden() {
        for (sql, shown) in [
            ("CREATE USER u PASSWORD 'hunter2'", "CREATE USER u PASSWORD '***'"),
            ("ALTER USER u SET PASSWORD = 'a''b' x", "ALTER USER u SET PASSWORD = '***' x"),
            (
                "CREDENTIALS=(AWS_KEY_ID='x' AWS_SECRET_KEY='y') FROM 'z'",
                "CREDENTIALS=(AWS_KEY_ID='***' AWS_SECRET_KEY='***') FROM 'z'",
            ),
            ("CREDENTIALS = (OTHER = 'x')", "CREDENTIALS = (OTHER = '***')"),
            ("COPY t CREDENTIALS 'aws_access_key_id=A;aws_secret_access_key=B'", "COPY t CREDENTIALS '***'"),
            ("CREATE USER u IDENTIFIED BY 'x'", "CREATE USER u IDENTIFIED BY '***'"),
            ("CREATE USER u IDENTIFIED BY tiger;", "CREATE USER u IDENTIFIED BY ***;"),
            ("IDENTIFIED WITH mysql_native_password BY 'x'", "IDENTIFIED WITH mysql_native_password BY '***'"),
            ("dblink('host=h password=pw user=u')", "dblink('host=h password=*** user=u')"),
            ("'postgres://me:pw@host/db'", "'postgres://me:***@host/db'"),
            ("'https://tok@host/db'", "'https://***@host/db'"),
            ("SELECT 'ghp_0123456789012345678901234567'", "SELECT '***'"),
        ] {
            assert_eq!(credentials(sql), shown, "{sql}");
        }
    }

    #[test]
    fn ordinary_sql_is_left_as_it_is() {
        for sql in [
            "SELECT password, token \"t\" FROM users WHERE name = 'x' AND u.secret = v.secret",
            "SELECT a::text, 'it''s: fine' FROM \"My Table\" -- héllo",
            "UPDATE t SET a = 'http://host/path' WHERE b = ':'",
            "it's not closed",
        ] {
            assert_eq!(credentials(sql), sql);
        }
    }

    #[test]
    fn a_configured_secret_is_hidden_and_found_even_when_escapes_tear_it_apart() {
        let secret = Secret::new("tok_abc-123").expect("not empty");
        assert_eq!(redact("select 'tok_abc-123' as x", &[&secret]), "select '***' as x");
        assert!(contains_secret("x tok\\_abc-&#8203;123 y", &[&secret]));
        assert!(!contains_secret("select ***", &[&secret]));
        let short = Secret::new("id").expect("not empty");
        assert_eq!(exact("the id", &[&short]), "the id");
    }
}

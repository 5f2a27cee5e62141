//! Whether a private key or a cloud token stands in a text that is about to leave the house. Looks for what is known by its
//! form alone: a password says nothing about itself, and `report::redact` hides it in our own output.

/// The first line of a key.
const KEY_BEGIN: &str = "-----BEGIN ";
const KEY_END: &str = "PRIVATE KEY";

/// How a token begins, how many letters and digits follow at least, and what it is.
const TOKENS: [(&str, usize, &str); 16] = [
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 35, "a Google API key"),
    ("ya29.", 20, "a Google access token"),
    ("AccountKey=", 40, "an Azure storage key"),
    ("dapi", 32, "a Databricks token"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghu_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("sk_live_", 20, "a Stripe key"),
    ("npm_", 36, "an npm token"),
];

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub what: &'static str,
    /// Its line, from 1.
    pub line: u32,
}

/// The first secret of a text, found in one walk over it.
#[must_use]
pub fn find(text: &str) -> Option<Found> {
    let mut line = 1_u32;
    let mut before = b' ';
    for (offset, byte) in text.bytes().enumerate() {
        // No token begins within a word, and no key within a row of hyphens.
        let may_begin = match byte {
            b'-' => before != b'-',
            b'A' | b'd' | b'g' | b'n' | b's' | b'x' | b'y' => !is_word(before),
            _ => false,
        };
        if may_begin && let Some(what) = text.get(offset..).and_then(secret_at_start) {
            return Some(Found { what, line });
        }
        line = line.saturating_add(u32::from(byte == b'\n'));
        before = byte;
    }
    None
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What begins here.
fn secret_at_start(text: &str) -> Option<&'static str> {
    if let Some(rest) = text.strip_prefix(KEY_BEGIN) {
        // `RSA PRIVATE KEY`, `OPENSSH PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`: a word or none before it.
        let head: String = rest.chars().take(32).collect();
        let (kind, _) = head.split_once(KEY_END)?;
        return (!kind.contains(['-', '\n'])).then_some("a private key");
    }
    let known =
        TOKENS.iter().filter_map(|(prefix, least, what)| Some((text.strip_prefix(prefix)?, prefix, least, what)));
    let mut tokens = known.filter(|(rest, prefix, least, _)| is_token(rest, prefix, **least));
    tokens.next().map(|(.., what)| *what)
}

fn is_token(rest: &str, prefix: &str, least: usize) -> bool {
    let belongs = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '=');
    let token: String = rest.chars().take_while(belongs).take(least).collect();
    // Documentation writes keys that open nothing.
    let is_example = token.contains("EXAMPLE") || token.bytes().all(|byte| Some(&byte) == token.as_bytes().first());
    // `npm_downloads_by_package` is a name.
    let is_name = prefix.ends_with('_') && token.contains('_') && prefix != "github_pat_";
    token.len() >= least && !is_example && !is_name && token.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Put together here: scanners of this repository would find them too.
    fn secret(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn keys_and_tokens_are_found_with_their_line() {
        for (text, what) in [
            (secret(&["-----BEGIN RSA PRIV", "ATE KEY-----\nMIIE"]), "a private key"),
            (secret(&["-----BEGIN PRIV", "ATE KEY-----"]), "a private key"),
            (secret(&["AKIA", "Q3EGRZB7WT2LPN5X"]), "an AWS access key"),
            (secret(&["ghp_", "0a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b"]), "a GitHub token"),
            (
                secret(&["AccountKey=", "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIz=="]),
                "an Azure storage key",
            ),
            (secret(&["dapi", "0123456789abcdef0123456789abcdef"]), "a Databricks token"),
        ] {
            let sql = format!("SELECT 1;\nCREATE STAGE s CREDENTIALS = ('{text}');");
            assert_eq!(find(&sql), Some(Found { what, line: 2 }), "{text}");
        }
    }

    #[test]
    fn ordinary_sql_holds_none() {
        for sql in [
            "SELECT akia, AKIA1 FROM ASIA_PACIFIC_REGION_SALES_2024",
            "CREATE USER u PASSWORD 'hunter2'",
            "-- AKIAIOSFODNN7EXAMPLE",
            "SELECT '-----BEGIN CERTIFICATE-----'",
            "SELECT 'dapi00000000000000000000000000000000'",
            "CREATE TABLE npm_downloads_by_package_and_version_of_the_last_month_2024 (a int)",
            "",
        ] {
            assert_eq!(find(sql), None, "{sql}");
        }
    }
}

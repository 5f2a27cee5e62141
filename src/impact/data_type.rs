//! Data types that are one type under two spellings, and types that hold every value of another one.
//!
//! Only spellings that mean the same, and steps that lead upwards, in every dialect that has both. `FLOAT`, `STRING`,
//! `TEXT`, `NUMBER` or `DATETIME` mean different things in different dialects and stay apart: a type change too many is a
//! line to read, one too few is a break that nobody saw.

/// Spelling → the one that stands for it. Words only; lengths and precisions are compared as written.
const SYNONYMS: [(&str, &str); 12] = [
    ("CHARACTER VARYING", "VARCHAR"),
    ("CHAR VARYING", "VARCHAR"),
    ("CHARACTER", "CHAR"),
    ("DOUBLE PRECISION", "DOUBLE"),
    ("FLOAT8", "DOUBLE"),
    ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP"),
    ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"),
    ("INTEGER", "INT"),
    ("INT4", "INT"),
    ("BOOL", "BOOLEAN"),
    ("DECIMAL", "NUMERIC"),
    ("DEC", "NUMERIC"),
];

/// Types of one kind, each of which holds every value of those before it.
const CHAINS: [&[&str]; 12] = [
    &["TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"],
    &["INT2", "INT", "INT8"],
    &["SMALLINT", "INT", "INT8"],
    &["INT2", "INT", "BIGINT"],
    &["SMALLSERIAL", "SERIAL", "BIGSERIAL"],
    // Bits, not bytes: INT8 stands at either end of a chain, never within one.
    &["INT8", "INT16", "INT32", "INT64", "INT128", "INT256"],
    &["UINT8", "UINT16", "UINT32", "UINT64", "UINT128", "UINT256"],
    &["REAL", "DOUBLE"],
    &["FLOAT4", "DOUBLE"],
    &["FLOAT", "DOUBLE"],
    &["FLOAT32", "FLOAT64"],
    &["TINYTEXT", "TEXT", "MEDIUMTEXT", "LONGTEXT"],
];

/// Types that hold every value of the same type with a smaller number behind it.
const BY_LENGTH: [&str; 10] = [
    "VARCHAR",
    "NVARCHAR",
    "VARCHAR2",
    "NVARCHAR2",
    "VARBINARY",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TIME",
    "DATETIME2",
    "DATETIME64",
];

/// Types with a number of digits, and of those behind the point.
const BY_DIGITS: [&str; 2] = ["NUMERIC", "NUMBER"];

/// Whether two types are the same up to case, spaces and synonyms.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right || Type::of(left) == Type::of(right)
}

/// Whether another type is of the same kind and holds every value of the former one.
pub(super) fn is_wider(before: &str, after: &str) -> bool {
    let (before, after) = (Type::of(before), Type::of(after));
    let name = before.name.as_str();
    if name != after.name {
        let place = |chain: &[&str], name: &str| chain.iter().position(|link| *link == name);
        let is_step = |chain: &[&str]| place(chain, name).zip(place(chain, &after.name)).is_some_and(|(a, b)| a < b);
        let is_chained = before.arguments.is_empty() && CHAINS.iter().any(|chain| is_step(chain));
        let to_text = name == "VARCHAR" && matches!(after.name.as_str(), "TEXT" | "STRING");
        return after.arguments.is_empty() && (is_chained || to_text);
    }
    match (before.numbers().as_deref(), after.numbers().as_deref()) {
        (Some([before]), Some([after])) if BY_LENGTH.contains(&name) => before < after,
        (Some(before), Some(after)) if BY_DIGITS.contains(&name) => more_digits(before, after),
        (Some([_]), None) => after.arguments == "(MAX)" && BY_LENGTH.contains(&name),
        _ => false,
    }
}

/// Whether there is room for as many digits on either side of the point, and for more on one.
fn more_digits(before: &[u32], after: &[u32]) -> bool {
    let digits = |numbers: &[u32]| match numbers {
        [all] => Some((*all, 0)),
        [all, behind] => Some((all.checked_sub(*behind)?, *behind)),
        _ => None,
    };
    let (before, after) = (digits(before), digits(after));
    before.zip(after).is_some_and(|(before, after)| before != after && before.0 <= after.0 && before.1 <= after.1)
}

/// A type in its parts: `character varying ( 20 )` → `VARCHAR`, `(20)`.
#[derive(PartialEq, Eq)]
struct Type {
    /// Its words; of synonyms the one that stands for them.
    name: String,
    /// What stands in parentheses, with these and without blanks.
    arguments: String,
}

impl Type {
    fn of(text: &str) -> Self {
        let upper = text.to_uppercase();
        let (words, arguments, tail) = match upper.split_once('(') {
            Some((words, rest)) => match rest.rsplit_once(')') {
                Some((arguments, tail)) => (words, format!("({})", arguments.replace(char::is_whitespace, "")), tail),
                None => (words, format!("({rest}"), ""),
            },
            None => (upper.as_str(), String::new(), ""),
        };
        // `TIMESTAMP(3) WITH TIME ZONE`: the words stand on both sides of the arguments.
        let words = words.split_whitespace().chain(tail.split_whitespace()).collect::<Vec<_>>().join(" ");
        let known = SYNONYMS.iter().find(|(spelling, _)| *spelling == words);
        Self { name: known.map_or(words, |(_, name)| (*name).to_owned()), arguments }
    }

    /// The arguments, where they are numbers.
    fn numbers(&self) -> Option<Vec<u32>> {
        let inner = self.arguments.strip_prefix('(')?.strip_suffix(')')?;
        inner.split(',').map(|number| number.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_type_are_the_same() {
        for (left, right) in [
            ("INT", "integer"),
            ("CHARACTER VARYING(20)", "varchar ( 20 )"),
            ("DECIMAL(10, 2)", "NUMERIC(10,2)"),
            ("TIMESTAMP(3) WITH TIME ZONE", "TIMESTAMPTZ(3)"),
            ("DOUBLE  PRECISION", "FLOAT8"),
        ] {
            assert!(same(left, right), "{left} and {right}");
        }
    }

    #[test]
    fn other_types_lengths_and_precisions_are_not() {
        for (left, right) in [
            ("INT", "BIGINT"),
            ("VARCHAR(10)", "VARCHAR(20)"),
            ("VARCHAR", "TEXT"),
            ("TIMESTAMP", "TIMESTAMPTZ"),
            ("NUMERIC(10,2)", "NUMERIC(12,2)"),
            ("FLOAT", "DOUBLE"),
        ] {
            assert!(!same(left, right), "{left} and {right}");
        }
    }

    #[test]
    fn a_type_of_the_same_kind_that_holds_more_is_wider() {
        for (before, after) in [
            ("int", "BIGINT"),
            ("SMALLINT", "integer"),
            ("INT4", "INT8"),
            ("Int8", "Int32"),
            ("FLOAT", "double precision"),
            ("varchar(10)", "CHARACTER VARYING(20)"),
            ("NVARCHAR(50)", "NVARCHAR(MAX)"),
            ("VARCHAR(10)", "TEXT"),
            ("NUMERIC(10,2)", "DECIMAL(12, 2)"),
            ("NUMERIC(10)", "NUMERIC(12,2)"),
            ("TIMESTAMP(3)", "TIMESTAMP(6)"),
        ] {
            assert!(is_wider(before, after), "{before} to {after}");
            assert!(!is_wider(after, before), "{after} to {before}");
        }
    }

    #[test]
    fn a_narrower_type_and_one_of_another_kind_are_not() {
        for (before, after) in [
            ("INT", "INT"),
            ("INT", "TEXT"),
            ("INT", "INT UNSIGNED"),
            ("NUMERIC(10,2)", "NUMERIC(10,4)"),
            ("NUMERIC(10,2)", "NUMERIC(12,1)"),
            ("DATE", "TIMESTAMP"),
            ("CHAR(2)", "CHAR(3)"),
            ("VARCHAR", "VARCHAR(10)"),
            ("DOUBLE", "NUMERIC(38,9)"),
            ("INT8", "INT"),
            ("NUMERIC(2,9)", "NUMERIC(3,9)"),
        ] {
            assert!(!is_wider(before, after), "{before} to {after}");
        }
    }
}

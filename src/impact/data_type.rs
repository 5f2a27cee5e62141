//! Data types that are one type under two spellings.
//!
//! Only spellings that mean the same in every dialect that has both. `FLOAT`, `STRING`, `TEXT`, `NUMBER` or `DATETIME`
//! mean different things in different dialects and stay apart: a type change too many is a line to read, one too few
//! is a break that nobody saw.

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

/// Whether two types are the same up to case, spaces and synonyms.
pub(super) fn same(left: &str, right: &str) -> bool {
    left == right || normalized(left) == normalized(right)
}

/// `character varying ( 20 )` → `VARCHAR(20)`.
fn normalized(text: &str) -> String {
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
    let name = SYNONYMS.iter().find(|(spelling, _)| *spelling == words).map_or(words.as_str(), |(_, name)| name);
    format!("{name}{arguments}")
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
}

//! Functions of T-SQL that give rows, and names with gaps.

use sqlparser::tokenizer::Token;

use crate::sql::repair::view::{Edit, View, plain_name, word};

/// `CONTAINSTABLE(t, a, 'x')`, `CHANGETABLE(CHANGES t, 1)`: rows of the table that is named first.
pub(super) fn of_a_table(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter_map(|at| {
            let is_call = view.is(at + 1, "(");
            let name = match view.word(at).as_str() {
                "CONTAINSTABLE" | "FREETEXTTABLE" => at + 2,
                "CHANGETABLE" if view.any(at + 2, &["CHANGES", "VERSION"]) => at + 3,
                _ => return None,
            };
            let behind = view.behind_name(name);
            (is_call && behind > name).then(|| Edit::replace(at, view.behind(at + 1), view.copy(name, behind)))
        })
        .collect()
}

/// `OPENJSON(a, ISNULL(@path, '$.b'))`: a path that is put together. `OPENXML(…) WITH (a int '@b')`: paths of columns.
pub(super) fn paths(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter_map(|at| {
            let close = view.partner(at + 1)?;
            if view.is(at, "OPENXML") && view.all(close + 1, &["WITH", "("]) {
                return Some(Edit::drop(close + 1, view.behind(close + 2)));
            }
            if !view.is(at, "OPENJSON") {
                return None;
            }
            let comma = view.find(at + 2, &[","]).filter(|comma| *comma < close)?;
            (comma + 2 < close).then(|| Edit::drop(comma, close))
        })
        .collect()
}

/// `PREDICT(MODEL = @m, DATA = t AS d) WITH (score float) AS p`: the rows of the table, and values beside them.
pub(super) fn predictions(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter_map(|at| {
            let close = view.partner(at + 1).filter(|_| view.is(at, "PREDICT"))?;
            let data = (at..close).find(|at| view.all(*at, &["DATA", "="]))?;
            let behind = view.behind_name(data + 2);
            let end = (behind..close).find(|at| view.is(*at, ",")).unwrap_or(close);
            let mut rows = view.copy(data + 2, end);
            rows.extend([word("CROSS"), word("JOIN"), plain_name("predict"), Token::LParen, Token::RParen]);
            let columns = view.all(close + 1, &["WITH", "("]);
            Some(Edit::replace(at, if columns { view.behind(close + 2) } else { close + 1 }, rows))
        })
        .collect()
}

/// `geography::Point(1, 2, 3)`: a function of a type. `server...t`: parts of a name left out.
pub(super) fn signs_in_names(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter_map(|at| {
            if *view.token(at) == Token::DoubleColon && view.is_name(at - 1) && view.is_name(at + 1) {
                return Some(Edit::replace(at, at + 1, vec![Token::Period]));
            }
            view.all(at, &[".", ".", "."]).then(|| Edit::drop(at + 1, at + 3))
        })
        .collect()
}

/// `GROUP BY a WITH ROLLUP`: more rows, of the same values.
pub(super) fn rollup(view: &View<'_>) -> Vec<Edit> {
    (1..view.len())
        .filter(|at| view.is(*at, "WITH") && view.any(*at + 1, &["ROLLUP", "CUBE"]))
        .map(|at| Edit::drop(at, at + 2))
        .collect()
}

//! Two texts of SQL of which little differs, cut down to what does.
//!
//! A condition of twenty lines in which one number changed is told by that number and a few words around it; what is
//! the same on both sides and left out is an `…`.

/// Words kept in front of what differs, and behind it, in characters.
const BEFORE: usize = 24;
const BEHIND: usize = 12;

/// What differs between two texts, each within about `most` characters. `None` where the texts are the same.
#[must_use]
pub fn difference(before: &str, after: &str, most: usize) -> Option<(String, String)> {
    if before == after {
        return None;
    }
    let fits = |text: &str| text.chars().count() <= most;
    if fits(before) && fits(after) {
        return Some((before.to_owned(), after.to_owned()));
    }
    let (left, right) = (pieces(before), pieces(after));
    let start = left.iter().zip(&right).take_while(|(left, right)| left == right).count();
    let room = left.len().min(right.len()) - start;
    let same = left.iter().rev().zip(right.iter().rev());
    let end = same.take(room).take_while(|(left, right)| left == right).count();
    Some((window(&left, (start, end), most), window(&right, (start, end), most)))
}

/// The start of a text within `most` characters.
#[must_use]
pub fn start(text: &str, most: usize) -> String {
    let pieces = pieces(text);
    let kept = fitting(pieces.iter(), most);
    joined(&pieces, (0, kept))
}

/// How many pieces fit.
fn fitting<'p>(pieces: impl Iterator<Item = &'p &'p str>, most: usize) -> usize {
    let mut length = 0;
    pieces
        .take_while(|piece| {
            length += piece.chars().count();
            length <= most
        })
        .count()
}

/// The pieces but for `start` of them in front and `end` behind, with a few more on either side.
fn window(pieces: &[&str], (start, end): (usize, usize), most: usize) -> String {
    let last = pieces.len().saturating_sub(end);
    let from = start - fitting(pieces.iter().take(start).rev(), BEFORE);
    let behind = fitting(pieces.iter().skip(last), BEHIND);
    let kept = fitting(pieces.iter().take(last + behind).skip(from), most).max(1);
    joined(pieces, (from, (from + kept).min(pieces.len())))
}

fn joined(pieces: &[&str], (from, to): (usize, usize)) -> String {
    let shown = pieces.get(from..to).unwrap_or_default();
    let opened = if to < pieces.len() { left_open(shown) } else { None };
    let kept = shown.iter().enumerate().filter(|(place, _)| Some(*place) != opened);
    let text: String = kept.map(|(_, piece)| *piece).collect();
    let open = if from > 0 { "…" } else { "" };
    let close = if to < pieces.len() { "…" } else { "" };
    format!("{open}{}{close}", text.trim())
}

/// The first bracket around a relation whose end is left out: it says nothing. Behind a name a bracket is a call's.
fn left_open(pieces: &[&str]) -> Option<usize> {
    let mut open = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        match *piece {
            "(" => open.push(place),
            ")" => drop(open.pop()),
            _ => {}
        }
    }
    let is_of_relation = |place: usize| {
        let before = place.checked_sub(2).and_then(|before| pieces.get(before..place));
        place == 0 || matches!(before, Some(["join" | "from" | ",", " "]))
    };
    open.first().copied().filter(|place| is_of_relation(*place))
}

/// Words, strings and single signs; nothing is lost.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
        let length = match first {
            '\'' => rest.get(1..).and_then(|inner| inner.find('\'')).map_or(rest.len(), |end| end + 2),
            _ if is_word(first) => rest.find(|character| !is_word(character)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (piece, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> (String, String) {
        difference(before, after, 40).expect("they differ")
    }

    #[test]
    fn short_texts_stand_as_they_are() {
        assert_eq!(told("a = 1", "a = 2"), ("a = 1".to_owned(), "a = 2".to_owned()));
        assert_eq!(difference("a", "a", 40), None);
    }

    #[test]
    fn of_long_texts_the_part_that_differs_is_told_with_a_few_words_around() {
        let text = |number: &str| {
            format!("case when orders.status = 'open' and orders.amount > {number} then 'large' else 'small' end")
        };
        let (before, after) = told(&text("4"), &text("40"));
        assert_eq!(before, "…and orders.amount > 4 then…");
        assert_eq!(after, "…and orders.amount > 40 then…");
    }

    #[test]
    fn what_is_only_on_one_side_shows_where_it_is_missing() {
        let base = "left join shop.orders on customers.id = orders.customer_id and orders.day > 1";
        let (before, after) = difference(base, &format!("{base} and orders.kind = 'ART.'"), 60).expect("they differ");
        assert_eq!(before, "…and orders.day > 1");
        assert!(after.ends_with("and orders.kind = 'ART.'"), "{after}");
    }

    #[test]
    fn a_bracket_whose_end_is_left_out_is_left_out() {
        let text =
            |join: &str| format!("{join} (tips where kind = 'open' and amount > 3) on tips.order_id = orders.id");
        let (before, after) = told(&text("left join"), &text("join"));
        assert_eq!((before.as_str(), after.as_str()), ("left join tips…", "join tips…"));
        let text = |number: u8| format!("where orders.status in ({number}, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)");
        assert_eq!(told(&text(0), &text(1)).0, "where orders.status in (0, 2, 3, 4, 5…");
    }

    #[test]
    fn a_long_difference_is_cut_and_whole_characters_stay() {
        let (before, after) = told(&"ä ".repeat(100), &"ö ".repeat(100));
        assert!(before.chars().count() <= 42 && before.ends_with('…'), "{before}");
        assert!(after.starts_with('ö'));
        let (before, _) = told(&format!("'{}'", "x".repeat(90)), "1");
        assert!(!before.is_empty());
    }

    #[test]
    fn the_start_of_a_text_ends_at_a_word() {
        assert_eq!(start("where orders.status = 'paid'", 20), "where orders.status…");
        assert_eq!(start("where a", 20), "where a");
    }
}

//! Brackets, strings and comments of JavaScript, as far as it takes to find where something ends.

/// What is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Bracket,
    /// `` `…` ``, in which `${…}` may stand.
    Template,
}

/// A walk over code.
struct Walk<'t> {
    bytes: &'t [u8],
    at: usize,
    open: Vec<Open>,
    /// Whether `--` starts a comment.
    is_sql: bool,
}

impl Walk<'_> {
    /// Takes what stands here; the byte where it is a sign outside of strings and comments.
    fn step(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.at)?;
        let next = self.bytes.get(self.at + 1).copied();
        self.at += 1;
        if self.open.last() == Some(&Open::Template) {
            match (byte, next) {
                (b'\\', _) => self.at += 1,
                (b'`', _) => drop(self.open.pop()),
                (b'$', Some(b'{')) => {
                    self.at += 1;
                    self.open.push(Open::Bracket);
                }
                _ => {}
            }
            return Some(0);
        }
        match (byte, next) {
            (b'\'' | b'"', _) => self.string(byte),
            (b'/', Some(b'/')) => self.skip_to(b"\n"),
            (b'-', Some(b'-')) if self.is_sql => self.skip_to(b"\n"),
            (b'/', Some(b'*')) => self.skip_to(b"*/"),
            (b'`', _) => self.open.push(Open::Template),
            (b'{' | b'(' | b'[', _) => self.open.push(Open::Bracket),
            (b'}' | b')' | b']', _) => drop(self.open.pop()),
            _ => return Some(byte),
        }
        Some(if matches!(byte, b'}' | b')' | b']') { byte } else { 0 })
    }

    fn string(&mut self, quote: u8) {
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1 + usize::from(*byte == b'\\');
            if *byte == quote {
                return;
            }
        }
    }

    fn skip_to(&mut self, end: &[u8]) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let found = rest.windows(end.len()).position(|window| window == end);
        self.at = found.map_or(self.bytes.len(), |offset| self.at + offset + end.len());
    }
}

/// Where the bracket closes that opens here.
pub(super) fn close(text: &str, open: usize, is_sql: bool) -> Option<usize> {
    let mut walk = Walk { bytes: text.as_bytes(), at: open, open: Vec::new(), is_sql };
    loop {
        let sign = walk.step()?;
        if walk.open.is_empty() {
            return (sign != 0).then(|| walk.at - 1);
        }
    }
}

/// Where the parentheses of calls of a function open, in comments and texts none.
pub(super) fn calls(text: &str, function: &str) -> Vec<usize> {
    let mut walk = Walk { bytes: text.as_bytes(), at: 0, open: Vec::new(), is_sql: false };
    let (mut found, mut before) = (Vec::new(), 0_u8);
    while let Some(sign) = walk.step() {
        let starts = !(before.is_ascii_alphanumeric() || matches!(before, b'_' | b'$' | b'.'));
        let rest = text.get(walk.at - 1..).filter(|_| starts && sign != 0).and_then(|rest| rest.strip_prefix(function));
        if let Some(rest) = rest
            && rest.trim_start().starts_with('(')
        {
            found.push(text.len() - rest.trim_start().len());
        }
        before = sign;
    }
    found
}

/// The items of a list or an object, cut at the commas outside of brackets; comments in front of them are gone.
pub(super) fn items(list: &str) -> Vec<&str> {
    let mut walk = Walk { bytes: list.as_bytes(), at: 0, open: Vec::new(), is_sql: false };
    let (mut items, mut start) = (Vec::new(), 0);
    while let Some(sign) = walk.step() {
        if sign == b',' && walk.open.is_empty() {
            items.push(list.get(start..walk.at - 1).unwrap_or_default());
            start = walk.at;
        }
    }
    items.push(list.get(start..).unwrap_or_default());
    items.into_iter().map(uncommented).filter(|item| !item.is_empty()).collect()
}

fn uncommented(item: &str) -> &str {
    let mut item = item.trim();
    while let Some((_, rest)) = item.strip_prefix("//").and_then(|comment| comment.split_once('\n')) {
        item = rest.trim();
    }
    item
}

/// What a string holds; `None` for anything else.
pub(super) fn literal(expression: &str) -> Option<String> {
    let text = expression.trim();
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (quote == '`' || !inner.contains(quote)).then(|| inner.to_owned())
}

//! Patterns that choose columns by name: LIKE, and the regular expressions of `COLUMNS('…')`.
//!
//! Of regular expressions it reads literals, `.`, classes, groups, `|`, `*`, `+`, `?`, `^`, `$` and common escapes; what
//! any other one means is not known. Matching takes time linear in pattern times name.

/// SQL's LIKE with `%` and `_` on lower-case texts.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // reachable[i]: the pattern so far matches the first i characters.
    let mut reachable = vec![false; text.len() + 1];
    if let Some(first) = reachable.first_mut() {
        *first = true;
    }
    for symbol in pattern.chars() {
        let mut next = vec![false; text.len() + 1];
        let mut any = false;
        for (index, slot) in next.iter_mut().enumerate() {
            any |= reachable.get(index).copied().unwrap_or(false);
            let previous = index.checked_sub(1);
            *slot = match symbol {
                '%' => any,
                symbol => previous.is_some_and(|previous| {
                    reachable.get(previous).copied().unwrap_or(false)
                        && (symbol == '_' || text.get(previous) == Some(&symbol))
                }),
            };
        }
        reachable = next;
    }
    reachable.last().copied().unwrap_or(false)
}

/// Longest regular expression that is read, in characters, and how deep its groups may nest.
const LONGEST: usize = 500;
const DEEPEST: usize = 50;

/// Whether a regular expression matches anywhere in a text; `None` where the expression is not understood.
pub(super) fn regular(text: &str, pattern: &str) -> Option<bool> {
    let mut reader = Reader { symbols: pattern.chars().take(LONGEST + 1).collect(), at: 0, depth: 0 };
    let mut program = reader.alternatives().filter(|_| reader.at == reader.symbols.len() && reader.at <= LONGEST)?;
    program.push(Step::Found);
    Some(run(&program, &text.chars().collect::<Vec<char>>()))
}

/// One step of a program; jumps are relative, so that programs can be put together.
#[derive(Debug, Clone)]
enum Step {
    One(char),
    Any,
    /// A character in one of these ranges, or (`false`) in none of them.
    Class(Vec<(char, char)>, bool),
    Start,
    End,
    Either(isize, isize),
    Jump(isize),
    Found,
}

struct Reader {
    symbols: Vec<char>,
    at: usize,
    depth: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.symbols.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let symbol = self.peek();
        self.at += usize::from(symbol.is_some());
        symbol
    }

    fn alternatives(&mut self) -> Option<Vec<Step>> {
        let mut all = self.sequence()?;
        while self.peek() == Some('|') {
            self.next();
            let other = self.sequence()?;
            let mut both = vec![Step::Either(1, length(&all) + 2)];
            both.append(&mut all);
            both.push(Step::Jump(length(&other) + 1));
            both.extend(other);
            all = both;
        }
        Some(all)
    }

    fn sequence(&mut self) -> Option<Vec<Step>> {
        let mut all = Vec::new();
        while !matches!(self.peek(), None | Some('|' | ')')) {
            let mut part = self.atom()?;
            match self.peek() {
                Some('*') => {
                    part.insert(0, Step::Either(1, length(&part) + 2));
                    part.push(Step::Jump(-length(&part)));
                }
                Some('+') => part.push(Step::Either(-length(&part), 1)),
                Some('?') => part.insert(0, Step::Either(1, length(&part) + 1)),
                _ => {
                    all.append(&mut part);
                    continue;
                }
            }
            self.next();
            all.append(&mut part);
        }
        Some(all)
    }

    fn atom(&mut self) -> Option<Vec<Step>> {
        let step = match self.next()? {
            '.' => Step::Any,
            '^' => Step::Start,
            '$' => Step::End,
            '[' => self.class()?,
            '(' => return self.group(),
            '\\' => match self.next()? {
                'd' => Step::Class(vec![('0', '9')], true),
                'w' => Step::Class(vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')], true),
                symbol if symbol.is_alphanumeric() => return None,
                symbol => Step::One(symbol),
            },
            '*' | '+' | '?' | '{' | '}' | ']' => return None,
            symbol => Step::One(symbol),
        };
        Some(vec![step])
    }

    fn group(&mut self) -> Option<Vec<Step>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        if self.peek() == Some('?') {
            self.next();
            (self.next()? == ':').then_some(())?;
        }
        let inner = self.alternatives()?;
        self.depth -= 1;
        (self.next()? == ')').then_some(inner)
    }

    fn class(&mut self) -> Option<Step> {
        let inside = self.peek() != Some('^');
        self.at += usize::from(!inside);
        let mut ranges = Vec::new();
        loop {
            let first = match self.next()? {
                ']' => return (!ranges.is_empty()).then_some(Step::Class(ranges, inside)),
                '\\' | '[' => return None,
                symbol => symbol,
            };
            let range = self.peek() == Some('-') && self.symbols.get(self.at + 1).is_some_and(|next| *next != ']');
            if range {
                self.next();
            }
            ranges.push((first, if range { self.next()? } else { first }));
        }
    }
}

fn length(program: &[Step]) -> isize {
    isize::try_from(program.len()).unwrap_or(isize::MAX)
}

/// Follows all ways through the program at once, from every position of the text.
fn run(program: &[Step], text: &[char]) -> bool {
    let mut current = vec![false; program.len()];
    for position in 0..=text.len() {
        reach(program, 0, (position, text.len()), &mut current);
        if current.last() == Some(&true) {
            return true;
        }
        let mut next = vec![false; program.len()];
        for (index, _) in current.iter().enumerate().filter(|(_, reached)| **reached) {
            let takes = match (program.get(index), text.get(position)) {
                (Some(Step::One(wanted)), Some(symbol)) => wanted == symbol,
                (Some(Step::Any), Some(_)) => true,
                (Some(Step::Class(ranges, inside)), Some(symbol)) => {
                    ranges.iter().any(|(low, high)| (low..=high).contains(&symbol)) == *inside
                }
                _ => false,
            };
            if takes {
                reach(program, index + 1, (position + 1, text.len()), &mut next);
            }
        }
        current = next;
    }
    false
}

/// Marks a step, and those that follow it without taking a character.
fn reach(program: &[Step], start: usize, (position, end): (usize, usize), reached: &mut [bool]) {
    let mut stack = vec![start];
    while let Some(index) = stack.pop() {
        match reached.get_mut(index) {
            Some(slot) if !*slot => *slot = true,
            _ => continue,
        }
        let targets: &[isize] = match program.get(index) {
            Some(Step::Jump(distance)) => &[*distance],
            Some(Step::Either(one, other)) => &[*one, *other],
            Some(Step::Start) if position == 0 => &[1],
            Some(Step::End) if position == end => &[1],
            _ => &[],
        };
        stack.extend(targets.iter().filter_map(|distance| index.checked_add_signed(*distance)));
    }
}

#[cfg(test)]
mod tests {
    use super::{like, regular};

    #[test]
    fn like_knows_percent_and_underscore() {
        assert!(like("order_id", "%id"));
        assert!(like("id", "__"));
        assert!(!like("order_id", "id%"));
    }

    #[test]
    fn regular_expressions_match_anywhere_unless_anchored() {
        for (pattern, text, expected) in [
            ("_x$", "a_x", true),
            ("^x", "a_x", false),
            (".*_x", "a_y", false),
            ("a|b+c", "xbbc", true),
            ("^(a|bc)*$", "abcbca", true),
            ("^(a|bc)*$", "abcb", false),
            ("^[a-c]+_[^0-9]$", "abc_d", true),
            ("^[a-c]+_[^0-9]$", "abc_1", false),
            (r"^\w\d?\.$", "a1.", true),
            ("^(?:id|name)$", "name", true),
            ("^(a*)*$", "aaaa", true),
            ("", "anything", true),
        ] {
            assert_eq!(regular(text, pattern), Some(expected), "{pattern} {text}");
        }
    }

    #[test]
    fn what_a_strange_expression_means_is_not_known() {
        let deep = "(".repeat(100);
        for pattern in ["a{2}", "(?i)a", "[", "(a", "a)", r"\b", "*a", "[[:alpha:]]", &deep] {
            assert_eq!(regular("a", pattern), None, "{pattern}");
        }
    }
}

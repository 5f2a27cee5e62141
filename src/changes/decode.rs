//! A blob's bytes → its text, or the reason why there is none.
//!
//! Real SQL is UTF-8, in 2 % of the files with a byte order mark, and now and then UTF-16. Anything else is reported and
//! not guessed: a wrong guess turns a column's name into another one.

use std::borrow::Cow;

use crate::source::{Content, Unreadable};

/// How much of a file is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// All of it.
    Whole,
    /// The first lines: a seed's header and some rows tell its columns.
    Start,
}

/// How many bytes [`Keep::Start`] keeps at most.
pub(super) const START_BYTES: usize = 64 * 1024;

/// First line of every Git LFS pointer (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>).
const LFS_HEADER: &[u8] = b"version https://git-lfs.github.com/spec/v1";
/// LFS pointers are smaller than this by their specification.
const LFS_MAX_BYTES: usize = 1024;

/// Decodes a file's bytes.
pub(super) fn decode(bytes: &[u8], keep: Keep) -> Content {
    let bytes = match keep {
        Keep::Whole => bytes,
        Keep::Start => bytes.get(..START_BYTES).unwrap_or(bytes),
    };
    if bytes.len() < LFS_MAX_BYTES && bytes.starts_with(LFS_HEADER) {
        return Err(Unreadable::LfsPointer);
    }
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, 3, keep)?,
        [0xFF, 0xFE, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)?),
        [0xFE, 0xFF, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)?),
        bytes => utf8(bytes, 0, keep)?,
    };
    match text.find('\0') {
        Some(offset) => Err(Unreadable::NotText { offset }),
        None if keep == Keep::Start => Ok(whole_lines(&text).into()),
        None => Ok(text.into()),
    }
}

fn utf8(bytes: &[u8], skipped: usize, keep: Keep) -> Result<Cow<'_, str>, Unreadable> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        // The cut after the first bytes may split a character.
        Err(error) if keep == Keep::Start && error.error_len().is_none() => Ok(String::from_utf8_lossy(bytes)),
        Err(error) => Err(Unreadable::NotText { offset: error.valid_up_to().saturating_add(skipped) }),
    }
}

/// UTF-16 after its byte order mark.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Unreadable> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Unreadable::NotText { offset: bytes.len().saturating_add(1) });
    }
    let units = pairs.iter().map(|pair| unit(*pair));
    let mut text = String::with_capacity(pairs.len());
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.push(character),
            Err(_) => return Err(Unreadable::NotText { offset: text.encode_utf16().count().saturating_mul(2) }),
        }
    }
    Ok(text)
}

/// Drops a last line that the cut may have split; a text of one line is kept as it is.
fn whole_lines(text: &str) -> &str {
    if text.len() < START_BYTES.saturating_sub(4) {
        return text;
    }
    text.rsplit_once('\n').map_or(text, |(lines, _)| lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        decode(bytes, Keep::Whole).expect("text").to_string()
    }

    fn utf16_bytes(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
    }

    #[test]
    fn utf8_is_read_with_and_without_byte_order_mark() {
        assert_eq!(text("select 'é'\r\n".as_bytes()), "select 'é'\r\n");
        assert_eq!(text(b"\xEF\xBB\xBFselect 1"), "select 1");
        assert_eq!(text(b""), "");
    }

    #[test]
    fn utf16_is_read_by_its_byte_order_mark() {
        assert_eq!(text(&utf16_bytes("select '𝄞é'", [0xFF, 0xFE], u16::to_le_bytes)), "select '𝄞é'");
        assert_eq!(text(&utf16_bytes("select '𝄞é'", [0xFE, 0xFF], u16::to_be_bytes)), "select '𝄞é'");
    }

    #[test]
    fn other_bytes_are_reported_with_their_place() {
        assert_eq!(decode(b"select '\xE9'", Keep::Whole), Err(Unreadable::NotText { offset: 8 }));
        assert_eq!(decode(b"\xEF\xBB\xBFa\xE9 b", Keep::Whole), Err(Unreadable::NotText { offset: 4 }));
        let without_mark = utf16_bytes("select 1", [b's', 0], u16::to_le_bytes);
        assert_eq!(decode(&without_mark, Keep::Whole), Err(Unreadable::NotText { offset: 1 }));
        assert!(decode(&[0xFF, 0xFE, 0x41], Keep::Whole).is_err(), "half a character");
        assert!(decode(&[0xFF, 0xFE, 0x00, 0xD8], Keep::Whole).is_err(), "half a surrogate pair");
    }

    #[test]
    fn an_lfs_pointer_is_no_sql() {
        let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
        assert_eq!(decode(pointer.as_bytes(), Keep::Whole), Err(Unreadable::LfsPointer));
    }

    #[test]
    fn the_start_of_a_seed_ends_with_a_whole_line() {
        let mut seed = "id,name\n".to_owned();
        while seed.len() < START_BYTES {
            seed.push_str("1,é\n");
        }
        let kept = decode(seed.as_bytes(), Keep::Start).expect("text");
        assert!(
            kept.starts_with("id,name\n1,é\n") && kept.lines().all(|line| line.split(',').count() == 2),
            "{kept:?}"
        );
        assert_eq!(decode(b"id,name", Keep::Start).as_deref(), Ok("id,name"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_text_or_reported(bytes: Vec<u8>, mark in 0..4_usize) {
            let marks: [&[u8]; 4] = [b"", b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF"];
            let bytes = [marks[mark], &bytes].concat();
            if let Ok(text) = decode(&bytes, Keep::Whole) {
                proptest::prop_assert!(!text.contains('\0'));
            }
        }
    }
}

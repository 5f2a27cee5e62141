//! Single files on disk: their names as bytes, and their content within the size limit.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::source::Unreadable;

/// A file's bytes. The size is looked at before anything is read.
pub(super) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let failed = |error: std::io::Error| Unreadable::Failed { reason: format!("cannot be read: {error}") };
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > limit {
        return Err(Unreadable::TooLarge { bytes: size, limit });
    }
    let mut bytes = Vec::new();
    // The file may be growing, and pipes have no size.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.len() as u64 {
        bytes if bytes > limit => Err(Unreadable::TooLarge { bytes, limit }),
        _ => Ok(bytes),
    }
}

/// A path as the operating system has it.
#[cfg(unix)]
pub(super) fn path_from(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// A path as the operating system has it.
#[cfg(not(unix))]
pub(super) fn path_from(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// A path's name below a folder, `/`-separated; `None` when it is not below.
pub(super) fn name_below(folder: &Path, path: &Path) -> Option<Vec<u8>> {
    let below = path.strip_prefix(folder).ok()?;
    let parts: Vec<&[u8]> = below.components().map(|part| part.as_os_str().as_encoded_bytes()).collect();
    Some(parts.join(&b'/'))
}

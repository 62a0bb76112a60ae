use crate::failure::Failure;
use std::io::Read as _;
use std::path::Path;

/// The text of a file, or of stdin for `-`.
pub fn text(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::store(format!("{}: {error}", path.display()));
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    } else {
        std::fs::File::open(path).map_err(failed)?.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    }
    Ok(text)
}

/// The bytes of a file, or of stdin for `-`, in whatever character set.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error: std::io::Error| Failure::store(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        std::fs::File::open(path).map_err(failed)?.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    }
    Ok(bytes)
}

/// The texts of several files.
pub fn texts(paths: &[std::path::PathBuf]) -> Result<Vec<String>, Failure> {
    paths.iter().map(|path| text(path)).collect()
}

/// A text, or the text of the file behind an `@`.
pub fn text_or_file(given: &str) -> Result<String, Failure> {
    match given.strip_prefix('@') {
        Some(path) => text(Path::new(path)),
        None => Ok(given.to_owned()),
    }
}

/// An absolute path: the node has another current folder.
pub fn absolute(path: &Path) -> Result<String, Failure> {
    let whole = std::path::absolute(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    let text = whole.into_os_string().into_string();
    text.map_err(|path| Failure::usage(format!("{}: this path is not UTF-8", path.display())))
}

/// Far above every file of ours; an evidence file has at most 256 KiB.
const FILE_BYTES_MAX: u64 = 4 << 20;

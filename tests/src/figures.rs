//! Where benchmarks keep their last figures: between two lines of a page.
use std::io;
use std::path::Path;

/// Puts figures between the lines `begin` and `end` of a page, in place of the old ones.
///
/// # Errors
/// The page cannot be read or written, or has no line `begin`.
pub fn put(page: &Path, (begin, end): (&str, &str), figures: &str) -> io::Result<()> {
    let text = std::fs::read_to_string(page)?;
    let Some((before, _)) = text.split_once(begin) else {
        return Err(io::Error::other(format!("the page has no line {begin:?}")));
    };
    let after = text.split_once(end).map_or("", |(_, after)| after);
    std::fs::write(page, format!("{before}{begin}\n\n{figures}\n{end}{after}"))
}

//! How long things may be. The numbers are those of the house style.

/// Lines of code in one file, without tests, comments and blank lines: what fits into one head.
pub const FILE_LINES_MAX: usize = 500;
/// Lines of code in one function, signature and closing brace included: one screen.
pub const FUNCTION_LINES_MAX: usize = 70;
/// Arguments of one function, `self` included, as clippy counts them.
pub const ARGUMENTS_MAX: usize = 6;
/// Bytes of a file that is read as text; larger ones are data.
pub const TEXT_BYTES_MAX: u64 = 4 << 20;

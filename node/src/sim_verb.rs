//! `musubi sim …`: the same as the program `sim`, with its exit codes.
use crate::control::Reply;
use std::ffi::OsString;
use std::time::Instant;

/// Hands the arguments on; the answer was printed already.
pub fn run(args: Vec<OsString>) -> Reply {
    let begun = Instant::now();
    let now = || begun.elapsed().as_micros() as u64;
    let exit = sim::cli::main_with(std::iter::once(OsString::from("musubi sim")).chain(args), &now);
    Reply::default().exit(exit)
}

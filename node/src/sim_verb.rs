//! `musubi sim …`: the same as the program `sim`, with its exit codes.
use crate::control::Reply;
use std::ffi::OsString;

/// Hands the arguments on; the answer was printed already.
pub fn run(args: Vec<OsString>) -> Reply {
    let exit = sim::cli::main_with(std::iter::once(OsString::from("musubi sim")).chain(args));
    Reply::default().exit(exit)
}

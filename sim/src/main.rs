//! The simulator as a program: runs what the arguments say and tells how long it took.
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let begun = Instant::now();
    let code = sim::cli::main_with(std::env::args_os(), &|| begun.elapsed().as_micros() as u64);
    eprintln!("took {} ms", begun.elapsed().as_millis());
    ExitCode::from(code)
}

//! The Musubi node: one program, one folder, one configuration file.
//!
//! Start with `cli` (what can be typed) and `control` (how a verb asks the running node), then `desk` (one handler per request)
//! and `run` (the start list). `config` reads the file; `demo` is everything once, with made-up people.
mod care;
mod cli;
mod config;
mod control;
mod demo;
mod demo_data;
mod desk;
mod failure;
mod log;
mod page;
mod run;
mod sim_verb;
mod sizes;
mod version;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return ExitCode::from(cli::not_understood(&error)),
    };
    let out = cli::Output::new(cli.global.json, cli.global.out.clone());
    ExitCode::from(out.finish(cli::dispatch(cli, &out)))
}

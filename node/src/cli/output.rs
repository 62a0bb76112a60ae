use crate::control::{Progress, Reply};
use crate::failure::{Code, Failure};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

/// How answers are printed.
#[derive(Clone, Debug)]
pub struct Output {
    json: bool,
    file: Option<PathBuf>,
}

impl Output {
    /// As the global options say.
    pub fn new(json: bool, file: Option<PathBuf>) -> Self {
        Self { json, file }
    }
    /// Whether stdout is for scripts.
    pub fn is_json(&self) -> bool {
        self.json
    }
    /// Prints an answer or a failure; gives the exit code.
    pub fn finish(&self, outcome: Result<Reply, Failure>) -> u8 {
        match outcome.and_then(|reply| self.reply(reply)) {
            Ok(exit) => exit,
            Err(failure) => {
                self.failure(&failure);
                failure.exit()
            }
        }
    }
    /// A line for people while something goes on: stderr, so that stdout stays one object for scripts.
    pub fn say(&self, line: impl AsRef<str>) {
        let mut err = std::io::stderr().lock();
        // Nobody reads it any more: not a reason to stop.
        let _ = writeln!(err, "{}", line.as_ref());
    }
    /// A bar on a terminal; nothing elsewhere.
    pub fn bar(&self) -> Shown {
        Shown { bar: None, is_terminal: std::io::stderr().is_terminal() && !self.json }
    }
    fn reply(&self, mut reply: Reply) -> Result<u8, Failure> {
        if let Some(text) = reply.file.take() {
            match &self.file {
                Some(path) => {
                    std::fs::write(path, &text).map_err(|error| {
                        Failure::store(format!("{}: {error}", path.display())).next("name another file with --out")
                    })?;
                    reply.text.push_str(&format!("\nWritten to {}.", path.display()));
                    reply.json["written"] = json!(path.display().to_string());
                }
                None if self.json => reply.json["file"] = json!(text),
                None => reply.text.push_str(&format!("\n\n{}", text.trim_end())),
            }
        }
        let mut out = std::io::stdout().lock();
        // No answer of our own: who was asked has printed it.
        let text = match self.json && !reply.json.is_null() {
            true => reply.json.to_string(),
            false => reply.text,
        };
        if !text.is_empty() {
            let _ = writeln!(out, "{text}");
        }
        Ok(reply.exit)
    }
    fn failure(&self, failure: &Failure) {
        if self.json {
            let error =
                json!({ "code": failure.code, "exit": failure.exit(), "what": failure.what, "next": failure.next });
            println!("{}", json!({ "error": error }));
        } else {
            self.say(format!("{:?}", miette::Report::new(failure.clone())).trim_end());
        }
    }
}

/// Says what is wrong with a command line, in the form that it asked for; gives the exit code. Help and version are no faults.
pub fn not_understood(error: &clap::Error) -> u8 {
    let wants_json = std::env::args_os().any(|arg| arg == "--json");
    if !error.use_stderr() || !wants_json {
        // Nobody reads it: not a reason to fail in another way.
        let _ = error.print();
        return if error.use_stderr() { Code::Usage as u8 } else { 0 };
    }
    let text = error.to_string();
    let what = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
    Output::new(true, None)
        .failure(&Failure::usage(what).next("`musubi --help` and `musubi VERB --help` show what can be typed"));
    Code::Usage as u8
}

/// A progress bar, drawn as soon as there is progress to show.
pub struct Shown {
    bar: Option<ProgressBar>,
    is_terminal: bool,
}

impl Shown {
    /// Shows how far it is.
    pub fn show(&mut self, progress: &Progress) {
        if !self.is_terminal {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let template = match progress.total {
            Some(_) => "{msg} {bar:30} {pos}/{len} {eta}",
            None => "{spinner} {msg} {pos}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_length(progress.total.unwrap_or(0));
        bar.set_position(progress.done);
        bar.set_message(progress.what.clone());
    }
    /// Takes it from the screen.
    pub fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.clear();
    }
}

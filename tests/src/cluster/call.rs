use super::binary::program;
use super::limits::{COMMAND_WAIT, LOOK};
use serde_json::Value;
use std::ffi::OsStr;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// One command of the program, in an environment of its own.
#[derive(Debug)]
pub struct Call {
    command: Command,
    deadline: Duration,
}

/// What a command answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its exit code.
    pub exit: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    /// The one object of `--json`; null if there is none.
    pub json: Value,
    /// How it was called.
    pub shown: String,
}

impl Call {
    /// A command that sees nothing of the caller's environment but its search path.
    pub fn new(home: &Path) -> Self {
        let mut command = Command::new(program());
        command.env_clear().env("HOME", home).env("TZ", "UTC").env("LANG", "C.UTF-8").env("NO_COLOR", "1");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TMPDIR", home).current_dir(home).stdin(Stdio::null());
        Self { command, deadline: COMMAND_WAIT }
    }
    /// With one more argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }
    /// With more arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }
    /// With a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }
    /// With another deadline.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
    /// Gives the command itself, for what runs on.
    pub fn into_command(self) -> Command {
        self.command
    }
    /// Runs it with `--json` to its end.
    ///
    /// # Panics
    /// If it cannot be started or does not end within its deadline.
    #[track_caller]
    pub fn run(self) -> Answer {
        let deadline = self.deadline;
        let answer = self.arg("--json").end();
        answer.unwrap_or_else(|shown| panic!("`{shown}` did not end within {} s", deadline.as_secs()))
    }
    /// Runs it for people, without `--json`.
    ///
    /// # Panics
    /// As [`Call::run`].
    #[track_caller]
    pub fn run_for_people(self) -> Answer {
        let deadline = self.deadline;
        self.end().unwrap_or_else(|shown| panic!("`{shown}` did not end within {} s", deadline.as_secs()))
    }
    fn end(mut self) -> Result<Answer, String> {
        let shown = shown(&self.command);
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("`{shown}`: {error}"));
        let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
        let Some(exit) = end_of(&mut child, self.deadline) else { return Err(shown) };
        let text = |thread: JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&thread.join().expect("reading a pipe does not panic")).into_owned()
        };
        let (stdout, stderr) = (text(out), text(err));
        let json = serde_json::from_str(stdout.trim()).unwrap_or(Value::Null);
        Ok(Answer { exit, stdout, stderr, json, shown })
    }
}

impl Answer {
    /// The object of a command that did what it should.
    ///
    /// # Panics
    /// With everything that it wrote, if its exit code is not 0.
    #[track_caller]
    pub fn done(self) -> Value {
        self.exits(0)
    }
    /// The object of a command that ends with this exit code.
    ///
    /// # Panics
    /// With everything that it wrote, if it ended with another.
    #[track_caller]
    pub fn exits(self, exit: i32) -> Value {
        assert!(
            self.exit == exit,
            "`{}` ended with {}, not {exit}\n{}{}",
            self.shown,
            self.exit,
            self.stdout,
            self.stderr
        );
        assert!(!self.json.is_null(), "`{}` did not write one JSON object\n{}", self.shown, self.stdout);
        self.json
    }
    /// What a failed command said: what happened and what to type next.
    ///
    /// # Panics
    /// With everything that it wrote, if it ended with another exit code or without the words.
    #[track_caller]
    pub fn fails(self, exit: i32, words: &[&str]) -> String {
        let shown = self.shown.clone();
        let error = self.exits(exit)["error"].clone();
        let text =
            format!("{} → {}", error["what"].as_str().unwrap_or("?"), error["next"].as_str().unwrap_or_default());
        assert_eq!(error["exit"], exit, "`{shown}`: {text}");
        for word in words {
            assert!(text.contains(word), "`{shown}` should say {word:?}, but says: {text}");
        }
        text
    }
}

/// The exit code, or none if it had to be killed. A process that was killed by a signal has -1.
pub(super) fn end_of(child: &mut Child, deadline: Duration) -> Option<i32> {
    let until = Instant::now() + deadline;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.code().unwrap_or(-1)),
            Ok(None) if Instant::now() < until => std::thread::sleep(LOOK / 5),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came until a pipe breaks is what there is to show.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn shown(command: &Command) -> String {
    let args = command.get_args().map(|arg| arg.to_string_lossy().into_owned());
    std::iter::once("musubi".to_owned()).chain(args).collect::<Vec<_>>().join(" ")
}

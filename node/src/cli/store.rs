use super::Output;
use super::verbs::ask;
use crate::care::{Care, Deed};
use crate::control::{self, Progress, Reply, Request};
use crate::desk::{Verified, store_words};
use crate::failure::Failure;
use clap::{Args, Subcommand};
use protocol::time::Millis;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Subcommand)]
pub enum StoreVerb {
    /// Read everything that is kept and compare it: exit code 0 all is well, 1 damage was found, 4 it cannot be checked
    Verify,
    /// Make a snapshot now, and drop what two snapshots cover; the running node does it by itself when it pays
    Snapshot,
    /// Put damaged files of a stopped node right: out of the way where another copy has all of it, back from a backup else
    Repair {
        /// The folder of a backup
        #[arg(long, value_name = "DIR")]
        from: Option<PathBuf>,
    },
}

/// A backup of this node in another folder.
#[derive(Args)]
pub struct Backup {
    /// The folder; best on another machine or medium. Only what is new is copied
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

/// A node from a backup.
#[derive(Args)]
pub struct Restore {
    /// The folder of the backup
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// An empty or new folder for the node
    #[arg(long, value_name = "DIR", required_unless_present = "drill")]
    to: Option<PathBuf>,
    /// The folder keys/ of the node, from its own backup; backups have no keys in them
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Only try: restore into a folder that is deleted again, check everything, tell
    #[arg(long)]
    drill: bool,
}

pub fn run(folder: &Path, verb: StoreVerb, out: &Output) -> Result<Reply, Failure> {
    match verb {
        StoreVerb::Verify if control::is_running(folder) => ask(folder, Request::StoreVerify, out),
        StoreVerb::Verify => verify_stopped(folder, out),
        StoreVerb::Snapshot => ask(folder, Request::StoreSnapshot, out),
        StoreVerb::Repair { from } => repair(folder, from.as_deref(), out),
    }
}

pub fn backup(folder: &Path, args: &Backup, out: &Output) -> Result<Reply, Failure> {
    let to =
        std::path::absolute(&args.to).map_err(|error| Failure::usage(format!("{}: {error}", args.to.display())))?;
    ask(folder, Request::Backup { to: to.display().to_string() }, out)
}

/// Checks the store of a node that does not run.
fn verify_stopped(folder: &Path, out: &Output) -> Result<Reply, Failure> {
    needs_node(folder)?;
    let mut bar = out.bar();
    let mut bytes = 0;
    let report = store::check_closed(folder, store_config()?, &mut |read| {
        bytes += read;
        bar.show(&Progress { what: "bytes read".into(), done: bytes, total: None });
        true
    });
    bar.clear();
    let report = report.map_err(store_words::open_failure)?;
    Care::note(folder, |care| care.verified = Some(Deed::of_check(now(), &report)));
    Ok(Verified(&report).reply())
}

fn repair(folder: &Path, from: Option<&Path>, out: &Output) -> Result<Reply, Failure> {
    needs_node(folder)?;
    if control::is_running(folder) {
        return Err(Failure::refused("a node runs in this folder").next("stop it, then repair its store"));
    }
    let done = store::repair_closed(folder, from).map_err(store_words::backup_failure)?;
    let mut reply = verify_stopped(folder, out)?;
    let lines: Vec<String> = done.healed.iter().map(|line| format!("Put right: {line}")).collect();
    let left: Vec<String> = done.left.iter().map(|line| format!("Not put right: {line}")).collect();
    reply.json["repaired"] = json!({ "healed": done.healed, "left": done.left });
    reply.text = lines.into_iter().chain(left).chain([reply.text]).collect::<Vec<_>>().join("\n");
    Ok(reply)
}

/// `musubi restore`: no node is needed, only the backup and the keys.
pub fn restore(folder: &Path, args: &Restore, out: &Output) -> Result<Reply, Failure> {
    match (&args.to, args.drill) {
        (to, true) => drill(folder, args, to.as_deref(), out),
        (Some(to), false) => restore_to(args, to, out),
        (None, false) => Err(Failure::usage("no folder to restore into").next("name an empty one with --to DIR")),
    }
}

fn restore_to(args: &Restore, to: &Path, out: &Output) -> Result<Reply, Failure> {
    if control::is_running(to) {
        return Err(Failure::refused(format!("a node runs in {}", to.display())).next("choose an empty or new folder"));
    }
    if let Some(keys) = &args.keys {
        copy_keys(keys, &to.join("keys"))?;
    }
    let mut bar = out.bar();
    let restored = store::restore_to(&args.from, to, &mut |done, total| {
        bar.show(&Progress { what: "files".into(), done, total: Some(total) });
        true
    });
    bar.clear();
    let restored = restored.map_err(store_words::backup_failure)?;
    let report = store::check_closed(to, store_config()?, &mut |_| true).map_err(store_words::open_failure)?;
    let mut reply = Verified(&report).reply();
    let mut text = format!(
        "Restored {} files into {}: everything up to frame {}, as it was at {}.",
        restored.files,
        to.display(),
        restored.mark.position,
        store_words::when(restored.at)
    );
    for line in &restored.left_out {
        text.push_str(&format!("\nLeft out: {line}. Another backup may have it: `musubi store repair --from DIR`"));
    }
    text.push_str(&format!("\n{}\nStart it with `musubi run --folder {}`.", reply.text, to.display()));
    reply.json["restored"] = json!({
        "files": restored.files, "bytes": restored.bytes, "frame": restored.mark.position, "at": restored.at,
        "left_out": restored.left_out,
    });
    reply.exit = reply.exit.max(u8::from(!restored.left_out.is_empty()));
    reply.text = text;
    Ok(reply)
}

/// Restores into a folder that goes away, and notes the result for `doctor`.
fn drill(folder: &Path, args: &Restore, to: Option<&Path>, out: &Output) -> Result<Reply, Failure> {
    let at = to.map_or_else(|| folder.join("drill"), Path::to_path_buf);
    if to.is_some() && at.exists() {
        let what = format!("{} is there already", at.display());
        return Err(Failure::usage(what).next("name a folder that does not exist: the drill deletes it at its end"));
    }
    let fails = |error: std::io::Error| Failure::store(format!("{}: {error}", at.display()));
    // What a drill that was killed left behind; keys may lie in it.
    if at.exists() {
        std::fs::remove_dir_all(&at).map_err(fails)?;
    }
    let _gone = Gone(at.clone());
    copy_keys(args.keys.as_deref().unwrap_or(&folder.join("keys")), &at.join("keys"))?;
    let mut bar = out.bar();
    let done = store::drill(&args.from, &at, store_config()?, &mut |done, total| {
        bar.show(&Progress { what: "files".into(), done, total: Some(total) });
        true
    });
    bar.clear();
    let deed = match &done {
        Ok(done) => Deed {
            at: now(),
            ok: done.problems.is_empty(),
            frame: done.restored.mark.position,
            text: done.problems.join("; "),
        },
        Err(error) => Deed { at: now(), ok: false, frame: 0, text: error.to_string() },
    };
    if folder.join("keys").is_dir() {
        Care::note(folder, |care| care.drill = Some(deed.clone()));
    }
    let done = done.map_err(store_words::backup_failure)?;
    let json = json!({
        "ok": deed.ok, "frame": deed.frame, "files": done.restored.files, "bytes": done.restored.bytes, "at": done.restored.at,
        "problems": done.problems, "log_events": done.report.log_events, "blobs": done.report.blobs,
    });
    let text = match deed.ok {
        true => format!(
            "The backup is good: {} files restored, the index made anew, {} keys and {} large values compared, {} events of the audit log \
             verified, up to frame {}. It was made at {}. The restored copy is deleted.",
            done.restored.files,
            done.report.keys.iter().map(|(_, keys)| keys).sum::<u64>(),
            done.report.blobs,
            done.report.log_events,
            deed.frame,
            store_words::when(done.restored.at)
        ),
        false => format!(
            "The backup is NOT good:\n  {}\nMake a new one with `musubi backup --to DIR`.",
            done.problems.join("\n  ")
        ),
    };
    Ok(Reply::new(json, text).exit(u8::from(!deed.ok)))
}

/// Deletes a folder at the end, however that comes.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!(%error, "the folder of the drill could not be deleted; delete it, keys are in it");
        }
    }
}

/// Copies a folder of keys for its owner alone. Keys that are there already must be the same.
fn copy_keys(from: &Path, to: &Path) -> Result<(), Failure> {
    let fails = |path: &Path| {
        let shown = path.display().to_string();
        move |error: std::io::Error| {
            Failure::store(format!("{shown}: {error}"))
                .next("give the folder keys/ of the node with --keys DIR; keys are never in a backup")
        }
    };
    std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
        .create(to)
        .map_err(fails(to))?;
    for entry in std::fs::read_dir(from).map_err(fails(from))? {
        let path = entry.map_err(fails(from))?.path();
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_dir() {
            copy_keys(&path, &target)?;
            continue;
        }
        let bytes = std::fs::read(&path).map_err(fails(&path))?;
        match std::fs::read(&target) {
            Ok(there) if there == bytes => continue,
            Ok(_) => {
                let what = format!("{} is there already and is another key", target.display());
                return Err(Failure::refused(what).next("restore into an empty folder"));
            }
            Err(_) => {}
        }
        let mut options = std::fs::OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create_new(true), 0o600);
        let written = options.open(&target).and_then(|mut file| {
            std::io::Write::write_all(&mut file, &bytes)?;
            file.sync_all()
        });
        written.map_err(fails(&target))?;
    }
    Ok(())
}

fn needs_node(folder: &Path) -> Result<(), Failure> {
    if ["journal", "keys", "snapshots"].iter().any(|name| folder.join(name).is_dir()) {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no node in {}", folder.display())).next("name its folder with --folder DIR"))
}

fn store_config() -> Result<store::StoreConfig, Failure> {
    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|error| Failure::store(format!("no randomness: {error}")))?;
    Ok(store::StoreConfig::new(entropy))
}

/// For what is noted about work that needs no node.
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

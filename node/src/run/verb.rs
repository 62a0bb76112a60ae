use super::node::{Node, Start, start};
use super::signals;
use crate::cli::{self, Output};
use crate::config::{self, Config};
use crate::control::Reply;
use crate::failure::Failure;
use serde_json::json;
use std::path::Path;

/// `musubi run`: starts the node of a folder and stops it at SIGINT or SIGTERM.
///
/// # Errors
/// [`Failure`] of whatever did not start; what had started is stopped again.
pub fn run(folder: &Path, args: &cli::Run, out: &Output) -> Result<Reply, Failure> {
    let ready_file = args.ready_file.as_deref();
    let config = Config { trusts_clock: args.trust_clock, ..config::load(folder)? };
    crate::log::start(folder, &config)?;
    let signals = signals::Signals::listen()?;
    let node = start(Start { folder, config, has_socket: true })?;
    let desk = node.desk().clone();
    let set_up = node.set_up_link();
    let ready = json!({
        "ready": true, "pid": std::process::id(), "node": desk.service().node_key().to_string(),
        "peer_id": protocol::ids::peer_id_of(&desk.service().node_key()), "addresses": node.addresses(),
        "page": desk.page(), "setup": set_up,
    });
    if out.is_json() {
        println!("{ready}");
    } else {
        println!("{}", ready_text(&node, set_up.as_deref()));
    }
    if let Some(path) = ready_file {
        write_private(path, &ready.to_string())
            .map_err(|error| Failure::store(format!("{}: {error}", path.display())))?;
    }
    let ended_by_itself = signals.wait(&node);
    if let Some(path) = ready_file {
        // Perhaps somebody has taken it away already.
        let _ = std::fs::remove_file(path);
    }
    node.stop();
    match ended_by_itself {
        true => Err(Failure::store("the Engine ended by itself; what was acknowledged is on disk")
            .next("look at the log in the folder log/, then start the node again")),
        false => Ok(Reply::new(json!({ "stopped": true }), "Stopped.")),
    }
}

fn ready_text(node: &Node, set_up: Option<&str>) -> String {
    let desk = node.desk();
    let mut lines = vec![format!("{} runs. Stop it with Ctrl-C.", desk.service().config().name)];
    lines.extend(node.addresses().into_iter().map(|address| format!("  reached at {address}")));
    if node.addresses().is_empty() {
        lines.push("  no inbound port: it reaches others, and is reached through a relay".into());
    }
    if let Some(page) = desk.page() {
        lines.push(format!("  page       {page}"));
    }
    if let Some(link) = set_up {
        lines.push(
            "\nNobody has an account here yet. Make the first administrator within 30 minutes, with this link, once:"
                .into(),
        );
        lines.push(format!("  {link}"));
        lines.push("(or at this machine: musubi staff add LOGIN --name NAME --role administrator)".into());
    }
    lines.join("\n")
}

/// For the node's account only: the set-up link is in it.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let part = path.with_extension("part");
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create(true).truncate(true), 0o600);
    std::io::Write::write_all(&mut options.open(&part)?, text.as_bytes())?;
    std::fs::rename(part, path)
}

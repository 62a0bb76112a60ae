//! The control socket: how a verb asks the running node, and what it hears.
//!
//! `request` and `reply` are the two closed vocabularies, `frame` their form on the socket (length, then JSON), `server` the
//! node's end, `client` the verb's end: it asks the running node, or does the same work itself where none runs.
mod client;
mod frame;
mod reply;
mod request;
mod server;

pub use client::{call, is_running};
pub use reply::{Progress, Reply};
pub use request::{AccordTerms, ConsentSpec, NewFeed, ReadSpec, Request, Target, Who, WithdrawScope};
pub use server::Server;

/// Name of the socket in a node's folder.
const SOCKET: &str = "control.sock";

/// The path of the socket. A socket's path has a short limit of its own, so a long one goes through the folder's descriptor,
/// which must stay open as long as the path is used.
fn socket_path(folder: &std::path::Path) -> std::io::Result<(std::path::PathBuf, Option<std::fs::File>)> {
    let plain = folder.join(SOCKET);
    if plain.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((plain, None));
    }
    let opened = std::fs::File::open(folder)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&opened);
    Ok((format!("/proc/self/fd/{number}/{SOCKET}").into(), Some(opened)))
}

/// Below `sun_path`'s 104 bytes of the narrowest systems.
const SOCKET_PATH_BYTES_MAX: usize = 100;

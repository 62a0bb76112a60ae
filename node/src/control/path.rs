use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Name of the socket in a node's folder.
const SOCKET: &str = "control.sock";

/// The path of the socket. A socket's path has a short limit of its own, so a long one goes through the folder's descriptor,
/// which must stay open as long as the path is used.
pub fn socket_path(folder: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let plain = folder.join(SOCKET);
    if plain.as_os_str().len() <= SOCKET_PATH_BYTES_MAX {
        return Ok((plain, None));
    }
    let opened = File::open(folder)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&opened);
    Ok((format!("/proc/self/fd/{number}/{SOCKET}").into(), Some(opened)))
}

/// Below `sun_path`'s 104 bytes of the narrowest systems.
const SOCKET_PATH_BYTES_MAX: usize = 100;

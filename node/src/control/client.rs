use super::frame;
use super::path::socket_path;
use super::reply::{Frame, Progress, Reply};
use super::request::Request;
use crate::desk::{Desk, handle};
use crate::failure::Failure;
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Whether a node runs in this folder.
pub fn is_running(folder: &Path) -> bool {
    connect(folder).is_some()
}

/// Asks the running node; where none runs, opens the store and does the same here, without peers.
///
/// # Errors
/// [`Failure`] of the request, or of reaching anybody who could do it.
pub fn call(folder: &Path, request: Request, tell: &mut dyn FnMut(Progress)) -> Result<Reply, Failure> {
    match connect(folder) {
        Some(stream) => ask(stream, &request, tell),
        None => {
            let desk = Desk::open(folder)?;
            let answer = handle(&desk, rustix::process::getuid().as_raw(), request, tell);
            desk.close();
            answer
        }
    }
}

fn connect(folder: &Path) -> Option<UnixStream> {
    let (path, _opened) = socket_path(folder).ok()?;
    UnixStream::connect(path).ok()
}

fn ask(mut stream: UnixStream, request: &Request, tell: &mut dyn FnMut(Progress)) -> Result<Reply, Failure> {
    let lost = |error: std::io::Error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
            Failure::unreachable("the node stopped before it answered; what was asked may have happened")
                .next("look at its log in the folder log/, then at `musubi status`")
        }
        _ => Failure::unreachable(format!("the node's answer could not be read: {error}")),
    };
    // A busy node answers and hangs up without reading: its answer counts, not that the rest could not be written.
    let written = frame::write(&mut stream, request);
    let mut answer = frame::read(&mut stream);
    if answer.is_err() {
        written.map_err(lost)?;
    }
    loop {
        match answer.map_err(lost)? {
            Frame::Progress(progress) => tell(progress),
            Frame::Done(reply) => return Ok(reply),
            Frame::Failed(failure) => return Err(failure),
        }
        answer = frame::read(&mut stream);
    }
}

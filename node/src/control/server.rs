use super::frame;
use super::path::socket_path;
use super::reply::Frame;
use super::request::Request;
use crate::desk::{Desk, handle};
use crate::failure::Failure;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The node's end of the control socket. Dropping it closes the socket.
pub struct Server {
    folder: PathBuf,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens in the node's folder. The caller holds the store's lock, so an old socket is nobody's.
    ///
    /// # Errors
    /// The operating system's, if the socket cannot be made.
    pub fn start(desk: Arc<Desk>) -> io::Result<Self> {
        let folder = desk.folder().to_owned();
        let (path, opened) = socket_path(&folder)?;
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        drop(opened);
        let stopping = Arc::new(AtomicBool::new(false));
        let flag = stopping.clone();
        let accept = move || accept(&listener, &desk, &flag);
        let thread = std::thread::Builder::new().name("control".into()).spawn(accept)?;
        Ok(Self { folder, stopping, thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        if let Ok((path, _opened)) = socket_path(&self.folder) {
            // Wakes the thread that waits for a caller.
            drop(UnixStream::connect(&path));
            if let Some(thread) = self.thread.take() {
                let _ = thread.join();
            }
            let _ = std::fs::remove_file(&path);
        }
    }
}

fn accept(listener: &UnixListener, desk: &Arc<Desk>, stopping: &AtomicBool) {
    let callers = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if stopping.load(Ordering::Relaxed) {
            break;
        }
        let Ok(mut stream) = stream else {
            std::thread::sleep(PAUSE);
            continue;
        };
        if callers.load(Ordering::Relaxed) >= CALLERS_MAX {
            let busy = Failure::unreachable("the node serves as many commands as it may").next("try again in a moment");
            let _ = frame::write(&mut stream, &Frame::Failed(busy));
            continue;
        }
        let (desk, count) = (desk.clone(), callers.clone());
        count.fetch_add(1, Ordering::Relaxed);
        let serve = move || {
            let _counted = Counted(count);
            serve(stream, &desk);
        };
        if std::thread::Builder::new().name("caller".into()).spawn(serve).is_err() {
            callers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Gives a caller's place back, also when its thread panics.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn serve(mut stream: UnixStream, desk: &Desk) {
    let Some(uid) = trusted(&stream) else { return };
    let _ = stream.set_read_timeout(Some(REQUEST_WAIT));
    let Ok(request) = frame::read::<Request>(&mut stream) else { return };
    let mut tell = |progress| {
        // A caller that went away does not stop what it began.
        let _ = frame::write(&mut &stream, &Frame::Progress(progress));
    };
    let answer = match handle(desk, uid, request, &mut tell) {
        Ok(reply) => Frame::Done(reply),
        Err(failure) => Frame::Failed(failure),
    };
    let _ = frame::write(&mut &stream, &answer);
}

/// The caller's account, if it is the node's own or the administrator's.
fn trusted(stream: &UnixStream) -> Option<u32> {
    let caller = rustix::net::sockopt::socket_peercred(stream).ok()?.uid;
    let own = rustix::process::geteuid();
    (caller == own || caller.is_root()).then(|| caller.as_raw())
}

/// Commands that one node serves at once; a clinic's desk has a handful of windows.
const CALLERS_MAX: usize = 32;
/// A caller sends its request at once.
const REQUEST_WAIT: Duration = Duration::from_secs(10);
/// After a failed accept (no descriptors left) nothing is won by trying at once.
const PAUSE: Duration = Duration::from_millis(100);

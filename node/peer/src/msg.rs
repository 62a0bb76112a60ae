//! `/musubi/msg/1`: frames `length: u32 big-endian ‖ bytes` on one long-lived substream per direction and peer.
//!
//! Who sends opens the stream and keeps it. [`write_loop`] is the task of the outgoing one: it opens it, opens it again
//! when it broke, and moves it when a better path to the peer came up. [`read_loop`] is the task of the incoming ones: it
//! reads them one after the other, so that frames stay in order.
use crate::event::{FrameBytes, NetEvent, Warning};
use crate::limits::*;
use crate::swarm::Notice;
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::{PeerId, Stream, StreamProtocol};
use libp2p_stream::{Control, OpenStreamError};
use protocol::ids::NodeKey;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// The protocol's name on the wire.
pub const MSG_PROTOCOL: StreamProtocol = StreamProtocol::new("/musubi/msg/1");

/// A frame that waits to leave, with the room it takes.
pub(crate) struct Queued {
    pub bytes: Vec<u8>,
    pub _room: OwnedSemaphorePermit,
}

/// What the task of the outgoing stream needs.
pub(crate) struct Writer {
    pub node: NodeKey,
    pub peer: PeerId,
    pub control: Control,
    pub frames: mpsc::Receiver<Queued>,
    /// Changes when the stream should move to another connection.
    pub path: watch::Receiver<u64>,
    pub events: mpsc::Sender<NetEvent>,
    pub notices: mpsc::Sender<Notice>,
}

/// Keeps one outgoing stream until the session ends (then the queue is closed, or the task aborted).
pub(crate) async fn write_loop(mut writer: Writer) {
    let mut pause = STREAM_RETRY.0;
    let mut foreign_told = false;
    loop {
        writer.path.mark_unchanged();
        match timeout(STREAM_OPEN_DEADLINE, writer.control.open_stream(writer.peer, MSG_PROTOCOL)).await {
            Ok(Ok(stream)) => {
                let opened = Instant::now();
                match writer.serve(stream).await {
                    StreamEnd::Session => {
                        // An error means that the swarm's task is gone, and with it the connection.
                        let _ = writer.notices.send(Notice::Drained(writer.node)).await;
                        return;
                    }
                    StreamEnd::Moved => {
                        pause = STREAM_RETRY.0;
                        continue;
                    }
                    StreamEnd::Broken if opened.elapsed() >= STREAM_STEADY => pause = STREAM_RETRY.0,
                    StreamEnd::Broken => {}
                }
            }
            Ok(Err(OpenStreamError::UnsupportedProtocol(_))) if !foreign_told => {
                foreign_told = true;
                writer.warn(Warning::Foreign).await;
            }
            Ok(Err(error)) => tracing::debug!(node = ?writer.node, %error, "message stream not opened"),
            Err(_) => tracing::debug!(node = ?writer.node, "message stream not opened in time"),
        }
        sleep(pause).await;
        pause = (pause * 2).min(STREAM_RETRY.1);
    }
}

/// Why a stream is over.
enum StreamEnd {
    Session,
    Moved,
    Broken,
}

impl Writer {
    async fn serve(&mut self, stream: Stream) -> StreamEnd {
        let (mut read, mut write) = stream.split();
        let mut joined = Vec::new();
        let mut probe = [0; 1];
        loop {
            tokio::select! {
                biased;
                changed = self.path.changed() => {
                    // An orderly end: everything written so far arrives before it.
                    let closed = timeout(STREAM_DRAIN, write.close()).await;
                    tracing::debug!(node = ?self.node, clean = matches!(closed, Ok(Ok(()))), "message stream moves");
                    return if changed.is_ok() { StreamEnd::Moved } else { StreamEnd::Session };
                }
                got = read.read(&mut probe) => {
                    if matches!(got, Ok(1..)) {
                        self.strike(Warning::WrongDirection).await;
                    }
                    return StreamEnd::Broken;
                }
                frame = self.frames.recv() => {
                    let Some(frame) = frame else {
                        // The peer drops its end once it has read ours; a connection closed before would lose what is under way.
                        let read_to_end = async { write.close().await.is_ok() && read.read(&mut probe).await.is_ok() };
                        let clean = matches!(timeout(HANGUP_DRAIN, read_to_end).await, Ok(true));
                        tracing::debug!(node = ?self.node, clean, "message stream ends");
                        return StreamEnd::Session;
                    };
                    let written = write_frame(&mut write, &frame.bytes, &mut joined);
                    if !matches!(timeout(FRAME_WRITE_DEADLINE, written).await, Ok(Ok(()))) {
                        self.warn(Warning::FrameLost).await;
                        return StreamEnd::Broken;
                    }
                }
            }
        }
    }
    async fn warn(&self, warning: Warning) {
        // An error means that the driver is gone and with it whoever wanted to know.
        let _ = self.events.send(NetEvent::Warning { node: Some(self.node), warning }).await;
    }
    async fn strike(&self, warning: Warning) {
        let _ = self.notices.send(Notice::Strike { node: self.node, warning }).await;
    }
}

/// Writes one frame and flushes it: nobody waits for a batch to fill.
async fn write_frame<W: AsyncWrite + Unpin>(write: &mut W, bytes: &[u8], joined: &mut Vec<u8>) -> io::Result<()> {
    let length = u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?.to_be_bytes();
    if bytes.len() <= FRAME_BYTES_JOINED {
        joined.clear();
        joined.extend_from_slice(&length);
        joined.extend_from_slice(bytes);
        write.write_all(joined).await?;
    } else {
        write.write_all(&length).await?;
        write.write_all(bytes).await?;
    }
    write.flush().await
}

/// What the task of the incoming streams needs.
pub(crate) struct Reader {
    pub node: NodeKey,
    /// The peer's streams in the order in which it opened them.
    pub streams: mpsc::Receiver<Stream>,
    pub events: mpsc::Sender<NetEvent>,
    pub notices: mpsc::Sender<Notice>,
    /// Room for frames of this peer.
    pub frames: Arc<Semaphore>,
    /// Room for bytes of all peers.
    pub bytes: Arc<Semaphore>,
}

/// Reads the peer's streams one after the other until the session ends.
pub(crate) async fn read_loop(mut reader: Reader) {
    let mut next = reader.streams.recv().await;
    while let Some(stream) = next.take() {
        next = match reader.serve(stream).await {
            Some(successor) => Some(successor),
            None => reader.streams.recv().await,
        };
    }
}

impl Reader {
    /// Reads one stream to its end; returns the next one if it came meanwhile.
    async fn serve(&mut self, mut stream: Stream) -> Option<Stream> {
        let mut successor = None;
        loop {
            let read = {
                let frame = pin!(read_frame(&mut stream));
                self.frame_or_drained(frame, &mut successor).await
            };
            match read {
                Read::Frame(bytes) => {
                    if !self.deliver(bytes).await {
                        return None;
                    }
                }
                Read::End => return successor,
                Read::Wrong(warning) => {
                    // An error means that the swarm's task is gone, which ends this one too.
                    let _ = self.notices.send(Notice::Strike { node: self.node, warning }).await;
                    return successor;
                }
            }
        }
    }
    /// Waits for a frame; once a successor is there, only as long as the old stream has something to say.
    async fn frame_or_drained(
        &mut self,
        mut frame: std::pin::Pin<&mut impl Future<Output = Read>>,
        successor: &mut Option<Stream>,
    ) -> Read {
        loop {
            tokio::select! {
                biased;
                read = &mut frame => return read,
                next = self.streams.recv(), if successor.is_none() => match next {
                    Some(next) => *successor = Some(next),
                    None => return Read::End,
                },
                () = sleep(STREAM_DRAIN), if successor.is_some() => return Read::End,
            }
        }
    }
    /// Hands a frame over as soon as there is room for it; until then the peer's stream stands still.
    async fn deliver(&self, bytes: Vec<u8>) -> bool {
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let Ok(place) = self.frames.clone().acquire_owned().await else { return false };
        let Ok(room) = self.bytes.clone().acquire_many_owned(size).await else { return false };
        let bytes = FrameBytes::new(bytes, [place, room]);
        self.events.send(NetEvent::Frame { node: self.node, bytes }).await.is_ok()
    }
}

/// One step on an incoming stream.
#[derive(Debug, PartialEq)]
enum Read {
    Frame(Vec<u8>),
    /// The stream ended or broke between two frames.
    End,
    /// The stream must be closed, and it is the peer's fault.
    Wrong(Warning),
}

/// Reads one frame. The first byte may take its time, the rest may not.
async fn read_frame<R: AsyncRead + Unpin>(stream: &mut R) -> Read {
    let mut header = [0; 4];
    match stream.read(&mut header[..1]).await {
        Ok(1..) => {}
        Ok(0) | Err(_) => return Read::End,
    }
    match timeout(FRAME_READ_DEADLINE, read_rest(stream, header)).await {
        Ok(read) => read,
        Err(_) => Read::Wrong(Warning::FrameSlow),
    }
}

async fn read_rest<R: AsyncRead + Unpin>(stream: &mut R, mut header: [u8; 4]) -> Read {
    match stream.read_exact(&mut header[1..]).await {
        Ok(()) => {}
        Err(error) => return cut_by(&error),
    }
    let claimed = u32::from_be_bytes(header);
    let length = match usize::try_from(claimed) {
        Ok(0) => return Read::Wrong(Warning::FrameEmpty),
        Ok(length) if length <= FRAME_BYTES_MAX => length,
        _ => return Read::Wrong(Warning::FrameTooLong(claimed)),
    };
    let mut bytes = Vec::with_capacity(length.min(FRAME_BYTES_FIRST));
    match stream.take(u64::from(claimed)).read_to_end(&mut bytes).await {
        Ok(_) if bytes.len() == length => Read::Frame(bytes),
        Ok(_) => Read::Wrong(Warning::FrameCut),
        Err(error) => cut_by(&error),
    }
}

/// A clean end inside of a frame is the peer's doing; a reset or lost connection can happen to anybody.
fn cut_by(error: &io::Error) -> Read {
    if error.kind() == io::ErrorKind::UnexpectedEof { Read::Wrong(Warning::FrameCut) } else { Read::End }
}

/// A pause that grows: doubled after each failure, at most the second value.
pub(crate) fn grown(base: (Duration, Duration), failures: u32) -> Duration {
    base.0.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX)).min(base.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::io::Cursor;
    use proptest::prelude::*;

    async fn read_all(bytes: &[u8]) -> (Vec<Vec<u8>>, Read) {
        let mut stream = Cursor::new(bytes.to_vec());
        let mut frames = Vec::new();
        loop {
            match read_frame(&mut stream).await {
                Read::Frame(bytes) => frames.push(bytes),
                end => return (frames, end),
            }
        }
    }
    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("runtime").block_on(future)
    }
    fn wire_of(frames: &[Vec<u8>]) -> Vec<u8> {
        let mut wire = Cursor::new(Vec::new());
        let mut joined = Vec::new();
        run(async {
            for frame in frames {
                write_frame(&mut wire, frame, &mut joined).await.expect("memory");
            }
        });
        wire.into_inner()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn frames_arrive_as_they_were_sent(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..8)) {
            prop_assert_eq!(run(read_all(&wire_of(&frames))), (frames, Read::End));
        }
        #[test]
        fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            run(read_all(&bytes));
        }
    }

    #[test]
    fn a_frame_of_the_limit_passes_and_one_byte_more_does_not() {
        let longest = vec![7; FRAME_BYTES_MAX];
        assert_eq!(run(read_all(&wire_of(std::slice::from_ref(&longest)))), (vec![longest], Read::End));
        let header = (FRAME_BYTES_MAX as u32 + 1).to_be_bytes();
        assert_eq!(run(read_all(&header)).1, Read::Wrong(Warning::FrameTooLong(FRAME_BYTES_MAX as u32 + 1)));
    }

    #[test]
    fn empty_and_cut_frames_are_the_peers_fault() {
        assert_eq!(run(read_all(&[0, 0, 0, 0])).1, Read::Wrong(Warning::FrameEmpty));
        assert_eq!(run(read_all(&[0, 0])).1, Read::Wrong(Warning::FrameCut));
        assert_eq!(run(read_all(&[0, 0, 0, 5, 1])).1, Read::Wrong(Warning::FrameCut));
    }

    #[tokio::test(start_paused = true)]
    async fn a_frame_once_begun_has_a_deadline() {
        let (ours, theirs) = tokio::io::duplex(64);
        let mut ours = tokio_util::compat::TokioAsyncReadCompatExt::compat(ours);
        let mut theirs = tokio_util::compat::TokioAsyncReadCompatExt::compat(theirs);
        theirs.write_all(&[0, 0, 0, 9, 1]).await.expect("memory");
        assert_eq!(read_frame(&mut ours).await, Read::Wrong(Warning::FrameSlow));
    }

    #[test]
    fn pauses_grow_to_their_bound() {
        let base = (Duration::from_millis(500), Duration::from_secs(300));
        assert_eq!(grown(base, 0), Duration::from_millis(500));
        assert_eq!(grown(base, 3), Duration::from_secs(4));
        assert_eq!(grown(base, 60), Duration::from_secs(300));
    }
}

use crate::care::{Care, Deed};
use crate::desk::Desk;
use protocol::time::{DAY_MS, Millis};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use store::{MakeError, ScrubStep};

/// The thread that looks after the store: snapshots when they pay, and a slow round over all files once a day.
pub struct Keeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// Starts it.
    ///
    /// # Errors
    /// The operating system has no thread left.
    pub fn start(desk: Arc<Desk>) -> io::Result<Self> {
        let (stop, stopped) = channel();
        let work = move || {
            let mut pause = Pause(stopped);
            let mut failed = None;
            while pause.wait(TURN) {
                // What fails on a full disk reads the whole journal each time: not every turn.
                if failed.is_none_or(|at: Instant| at.elapsed() >= RETRY) {
                    failed = snapshot(&desk, &mut pause).is_err().then(Instant::now);
                }
                if is_round_due(&Care::load(desk.folder()), desk.service().now()) {
                    round(&desk, &mut pause);
                }
            }
        };
        Ok(Self { stop, thread: std::thread::Builder::new().name("keeper".into()).spawn(work)? })
    }
    /// Ends it, within a piece of a file.
    pub fn stop(self) {
        drop(self.stop);
        // A panic was printed when it happened.
        let _ = self.thread.join();
    }
}

/// Sleeps that end when the node stops.
struct Pause(Receiver<()>);

impl Pause {
    /// False when the node stops.
    fn wait(&mut self, time: Duration) -> bool {
        matches!(self.0.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }
    /// As long as so many bytes may take.
    fn pace(&mut self, bytes: u64) -> bool {
        self.wait(Duration::from_micros(bytes.saturating_mul(1_000_000) / SCRUB_BYTES_PER_S))
    }
}

fn snapshot(desk: &Desk, pause: &mut Pause) -> Result<(), MakeError> {
    let store = desk.service().store();
    if !store.is_compact_due() {
        return Ok(());
    }
    match store.compact(&mut |_| pause.wait(Duration::ZERO)) {
        Ok(done) => tracing::info!(
            frame = done.position,
            bytes = done.bytes,
            dropped_segments = done.dropped_segments,
            "snapshot made"
        ),
        Err(MakeError::Stopped) => {}
        Err(error) => {
            tracing::error!(%error, "no snapshot; the journal stays as it is");
            return Err(error);
        }
    }
    Ok(())
}

/// Pure: a round began the day before, or never.
fn is_round_due(care: &Care, now: Millis) -> bool {
    care.scrubbed.as_ref().is_none_or(|deed| now.0.saturating_sub(deed.at.0) >= DAY_MS)
}

fn round(desk: &Desk, pause: &mut Pause) {
    let store = desk.service().store();
    let mut scrub = match store.scrub() {
        Ok(scrub) => scrub,
        Err(error) => return tracing::error!(%error, "the store could not be listed"),
    };
    let mut goes_on = true;
    while goes_on {
        desk.set_scrub(Some((scrub.done, scrub.files)));
        let step = store.scrub_step(&mut scrub, &mut |bytes| {
            goes_on = pause.pace(bytes);
            goes_on
        });
        if step == ScrubStep::Over {
            break;
        }
    }
    desk.set_scrub(None);
    if !goes_on {
        return;
    }
    scrub.damages.iter().for_each(|damage| tracing::error!(%damage, "damage in the store"));
    let (at, frame) = (desk.service().now(), store.health().position);
    let wrong: Vec<String> = scrub.damages.iter().map(ToString::to_string).collect();
    let deed = Deed { at, ok: wrong.is_empty(), frame, text: wrong.join("; ") };
    Care::note(desk.folder(), |care| care.scrubbed = Some(deed));
    tracing::info!(files = scrub.files, bytes = scrub.bytes, damages = wrong.len(), "the store was gone over");
}

/// Between two looks at what is due.
const TURN: Duration = Duration::from_secs(20);
/// After a snapshot that could not be made.
const RETRY: Duration = Duration::from_secs(3_600);
/// How fast files are read for a round: a tenth of what a hospital's disk gives, and 100 GB within a night.
const SCRUB_BYTES_PER_S: u64 = 8 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_due_once_a_day() {
        let done = |at| Care {
            scrubbed: Some(Deed { at: Millis(at), ok: true, frame: 1, text: String::new() }),
            ..Care::default()
        };
        assert!(is_round_due(&Care::default(), Millis(5)));
        assert!(!is_round_due(&done(1_000), Millis(1_000 + DAY_MS - 1)));
        assert!(is_round_due(&done(1_000), Millis(1_000 + DAY_MS)));
    }
}

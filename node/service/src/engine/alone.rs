//! A driver without a network: founding, signing, importing and reading on a node that is not connected to anybody.
use super::{Host, Inbox};
use protocol::engine::{Done, Effect, Engine, Input, Output, Received, Ticket};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use store::StoreView;

/// An Engine that runs in a thread of its own, without a network. Ends when dropped.
pub struct Alone {
    bell: Sender<Bell>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What wakes the thread.
enum Bell {
    /// A command waits in the inbox.
    Command,
    /// An effect is done.
    Done(Ticket, Done),
    /// The end.
    Stop,
}

/// Starts the Engine of an opened node.
///
/// # Errors
/// What the operating system says if it gives no thread.
pub fn start(host: Host, inbox: Inbox) -> std::io::Result<Alone> {
    // Bounded in fact: one ring per command in the bounded inbox, one per effect that the Engine waits for.
    let (bell, rings) = channel();
    let ring = bell.clone();
    // After the end nobody hears the bell; the inbox is dropped with the thread.
    inbox.on_command(Box::new(move || drop(ring.send(Bell::Command))));
    let own = bell.clone();
    let thread = std::thread::Builder::new().name("engine".into()).spawn(move || {
        let mut engine = host.engine();
        step(&mut engine, &host, &own, Input::Timeout);
        loop {
            while let Some(input) = inbox.next() {
                step(&mut engine, &host, &own, input);
            }
            let pause = engine.deadline().map_or(IDLE_MS, |due| due.since(host.now()).min(IDLE_MS));
            match rings.recv_timeout(Duration::from_millis(pause)) {
                Ok(Bell::Command) => {}
                Ok(Bell::Done(ticket, done)) => step(&mut engine, &host, &own, Input::Done(ticket, done)),
                Ok(Bell::Stop) => return,
                Err(_) => step(&mut engine, &host, &own, Input::Timeout),
            }
        }
    })?;
    Ok(Alone { bell, thread: Mutex::new(Some(thread)) })
}

impl Alone {
    /// Ends the Engine and waits for it; what was acknowledged is on disk.
    pub fn stop(&self) {
        // Fails only if the thread has ended already.
        let _ = self.bell.send(Bell::Stop);
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A panic of the Engine was printed when it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.stop();
    }
}

fn step(engine: &mut Engine<StoreView>, host: &Host, bell: &Sender<Bell>, input: Input) {
    engine.handle(host.now(), input);
    while let Some(output) = engine.poll() {
        match output {
            Output::Send { .. } => {}
            Output::Event(event) => host.on_event(event),
            Output::Effect(ticket, effect) => perform(host, bell.clone(), ticket, effect),
        }
    }
    host.settle(engine);
}

fn perform(host: &Host, bell: Sender<Bell>, ticket: Ticket, effect: Effect) {
    // The Engine may have ended meanwhile; then nobody waits for the answer.
    let answer = move |done| drop(bell.send(Bell::Done(ticket, done)));
    match effect {
        Effect::Commit(batch) => host.commit(batch, answer),
        Effect::Forget(requests) => host.forget(&requests, answer),
        Effect::Values(patient) => answer(Done::Values(host.values(patient))),
        Effect::Judge { patient, agreed } => answer(Done::Judged(host.judge(patient, &agreed))),
        Effect::Serve(_) => answer(Done::Served { complete: false }),
        Effect::Receive(_) => answer(Done::Received(Received::default())),
        Effect::Dial { .. } | Effect::Hangup { .. } | Effect::Cancel(_) => {}
    }
}

/// Longest sleep; only bounds how late a timer set by a jump of the clock is seen.
const IDLE_MS: u64 = 1_000;

use super::Node;
use crate::failure::Failure;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, from the moment this was made.
pub struct Signals {
    runtime: Runtime,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on, so that a stop during the start is not lost.
    ///
    /// # Errors
    /// [`Failure`] if the operating system refuses.
    pub fn listen() -> Result<Self, Failure> {
        let refused = |error: std::io::Error| Failure::store(format!("the operating system refused: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(refused)?;
        let _entered = runtime.enter();
        let interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
        let terminate = signal(SignalKind::terminate()).map_err(refused)?;
        drop(_entered);
        Ok(Self { runtime, interrupt, terminate })
    }
    /// Waits for a signal; true if the node ended by itself before one came.
    pub fn wait(self, node: &Node) -> bool {
        let Self { runtime, mut interrupt, mut terminate } = self;
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => return false,
                    _ = terminate.recv() => return false,
                    () = tokio::time::sleep(LOOK) => if node.has_ended() {
                        return true;
                    },
                }
            }
        })
    }
}

/// How often the Engine is looked after.
const LOOK: Duration = Duration::from_secs(1);

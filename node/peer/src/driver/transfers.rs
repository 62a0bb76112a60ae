//! Which transfers are under way, so that they can be fed, cancelled and answered exactly once.
use super::{inline, receive, serve};
use crate::bulk::BulkStream;
use crate::handle::NetHandle;
use crate::host::{Completion, Host};
use crate::limits::*;
use protocol::engine::{Done, Receive, Serve};
use protocol::ids::{NodeKey, RequestId};
use protocol::wire::v1::Piece;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// The transfers of one node.
pub(super) struct Transfers<H: Host> {
    host: Arc<H>,
    net: NetHandle,
    /// Where the tasks run; not on the Engine's thread.
    runtime: Handle,
    serves: Arc<Places>,
    receives: Arc<Places>,
    shared: Arc<Shared>,
}

/// Places for transfers of one direction: small ones must not wait behind documents.
struct Places {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// What tasks and the Engine's thread both touch.
#[derive(Default)]
struct Shared {
    under_way: Mutex<UnderWay>,
    /// A transfer to us was announced.
    announced: Notify,
}

#[derive(Default)]
struct UnderWay {
    serves: BTreeMap<RequestId, AbortHandle>,
    receives: BTreeMap<RequestId, Receiving>,
}

struct Receiving {
    from: NodeKey,
    inline: bool,
    feed: mpsc::Sender<Feed>,
    task: Option<AbortHandle>,
}

/// What comes in for a transfer to us.
pub(super) enum Feed {
    /// A frame on the message stream.
    Piece { frame: Vec<u8>, last: bool },
    /// A bulk stream whose first bytes named the request.
    Stream(BulkStream),
}

impl Shared {
    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn new() -> Arc<Self> {
        let small = Arc::new(Semaphore::new(INLINE_TRANSFERS_MAX));
        Arc::new(Self { small, large: Arc::new(Semaphore::new(BULK_TRANSFERS_MAX)) })
    }
    fn of(&self, inline: bool) -> Arc<Semaphore> {
        if inline { self.small.clone() } else { self.large.clone() }
    }
}

impl<H: Host> Transfers<H> {
    pub(super) fn new(host: Arc<H>, net: NetHandle, runtime: Handle) -> Self {
        Self { host, net, runtime, serves: Places::new(), receives: Places::new(), shared: Arc::default() }
    }

    /// Sends what was permitted.
    pub(super) fn serve(&mut self, serve: Serve, owed: Completion) {
        let request = serve.plan.request;
        let (host, net, shared) = (self.host.clone(), self.net.clone(), self.shared.clone());
        let places = self.serves.of(serve.inline);
        // Held until the task is registered, so that it cannot end before.
        let mut under_way = self.shared.under_way();
        let task = if serve.inline {
            self.on_thread(places, move |_| {
                let is_cut = || !shared.under_way().serves.contains_key(&request);
                let complete = !is_cut() && inline::serve(&*host, &net, &serve, is_cut);
                shared.under_way().serves.remove(&request);
                owed.answer(Done::Served { complete });
            })
        } else {
            let task = async move {
                let place = places.acquire_owned().await;
                let complete = place.is_ok() && serve::serve(host, net, Arc::new(serve)).await;
                shared.under_way().serves.remove(&request);
                owed.answer(Done::Served { complete });
            };
            self.runtime.spawn(task).abort_handle()
        };
        under_way.serves.insert(request, task);
    }

    /// Takes in what was announced.
    pub(super) fn receive(&mut self, receive: Receive, owed: Completion) {
        let request = receive.plan.request;
        let (from, inline) = (receive.from, receive.inline);
        let (feed_in, feed) = mpsc::channel(receive::pieces_max(&receive));
        let (host, shared) = (self.host.clone(), self.shared.clone());
        let places = self.receives.of(inline);
        let mut under_way = self.shared.under_way();
        let task = if inline {
            self.on_thread(places, move |runtime| {
                let received = inline::receive(&*host, &receive, feed, runtime);
                shared.under_way().receives.remove(&request);
                owed.answer(Done::Received(received));
            })
        } else {
            let task = async move {
                let received = match places.acquire_owned().await {
                    Ok(_place) => receive::receive(host, receive, feed).await,
                    Err(_) => Default::default(),
                };
                shared.under_way().receives.remove(&request);
                owed.answer(Done::Received(received));
            };
            self.runtime.spawn(task).abort_handle()
        };
        let task = Some(task);
        under_way.receives.insert(request, Receiving { from, inline, feed: feed_in, task });
        drop(under_way);
        self.shared.announced.notify_waiters();
    }

    /// Runs something on a thread that may block as soon as there is a place: at once, if one is free.
    fn on_thread(&self, places: Arc<Semaphore>, run: impl FnOnce(&Handle) + Send + 'static) -> AbortHandle {
        let runtime = self.runtime.clone();
        match places.clone().try_acquire_owned() {
            Ok(place) => {
                let run = move || {
                    run(&runtime);
                    drop(place);
                };
                self.runtime.spawn_blocking(run).abort_handle()
            }
            Err(_) => {
                let task = async move {
                    let Ok(place) = places.acquire_owned().await else { return };
                    let run = move || {
                        run(&runtime);
                        drop(place);
                    };
                    // A panic was printed when it happened; what was owed is answered by its end.
                    let _ = tokio::task::spawn_blocking(run).await;
                };
                self.runtime.spawn(task).abort_handle()
            }
        }
    }

    /// Stops a transfer at once, in whichever direction. Its own effect is answered by that.
    pub(super) fn cancel(&mut self, request: RequestId) {
        let mut under_way = self.shared.under_way();
        if let Some(task) = under_way.serves.remove(&request) {
            task.abort();
        }
        if let Some(task) = under_way.receives.remove(&request).and_then(|receiving| receiving.task) {
            task.abort();
        }
    }
    pub(super) fn cancel_all(&mut self) {
        let mut under_way = self.shared.under_way();
        let receives = std::mem::take(&mut under_way.receives).into_values().filter_map(|receiving| receiving.task);
        for task in std::mem::take(&mut under_way.serves).into_values().chain(receives) {
            task.abort();
        }
    }

    /// A small answer's frame came.
    pub(super) fn on_piece(&mut self, from: NodeKey, piece: Piece) {
        let Some(request) = RequestId::from_slice(&piece.request) else { return };
        let mut under_way = self.shared.under_way();
        let Some(receiving) = under_way.receives.get(&request).filter(|r| r.inline && r.from == from) else { return };
        let fed = receiving.feed.try_send(Feed::Piece { frame: piece.frame, last: piece.last });
        if fed.is_err() {
            // More pieces than the plan can have: without a feed the transfer ends as cut.
            under_way.receives.remove(&request);
        }
    }
    /// Nothing more comes from this peer on the message stream.
    pub(super) fn on_disconnected(&mut self, from: NodeKey) {
        self.shared.under_way().receives.retain(|_, receiving| !(receiving.inline && receiving.from == from));
    }
    /// A holder opened a bulk stream: find out for which transfer, and give it to that.
    pub(super) fn on_bulk(&mut self, from: NodeKey, stream: BulkStream) {
        let shared = self.shared.clone();
        self.runtime.spawn(async move {
            // Whoever does not say in time for what a stream is, is not answered.
            let Ok(Some((request, stream))) = timeout(ANNOUNCE_WAIT, receive::greeted(stream)).await else { return };
            let refused = match timeout(ANNOUNCE_WAIT, shared.feed_of(request, from)).await {
                // Full: an earlier stream of this transfer still waits.
                Ok(feed) => match feed.try_send(Feed::Stream(stream)) {
                    Ok(()) => return,
                    Err(TrySendError::Full(feed) | TrySendError::Closed(feed)) => feed,
                },
                Err(_) => Feed::Stream(stream),
            };
            tracing::debug!(node = ?from, "a bulk stream without a transfer was refused");
            if let Feed::Stream(stream) = refused {
                receive::refuse(stream).await;
            }
        });
    }
}

impl Shared {
    /// Waits until the transfer is announced: its decision travels on another stream.
    async fn feed_of(&self, request: RequestId, from: NodeKey) -> mpsc::Sender<Feed> {
        loop {
            let mut announced = std::pin::pin!(self.announced.notified());
            announced.as_mut().enable();
            let feed = self
                .under_way()
                .receives
                .get(&request)
                .filter(|receiving| !receiving.inline && receiving.from == from)
                .map(|receiving| receiving.feed.clone());
            match feed {
                Some(feed) => return feed,
                None => announced.await,
            }
        }
    }
}
